/// Problems and answers as JSON: one object a problem, the fields' names as keys.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "harness/case_data.h"
#include "modes.h"

namespace nsameta::harness {

/// Keys stay in the order of the problem's and the outputs' declaration.
using json = nlohmann::ordered_json;

/// Text that is no problem. One line that names the key and its value.
class json_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads one object. Checks what the C interface cannot express (types, ranges, unknown or repeated keys, vectors of
/// unequal length, req_pool_indices or req_to_token alone); the rest is for the library to judge. Lengths become int64
/// when one of them needs it, else int32. Throws json_error.
case_data case_from_json(std::string_view text);

/// All members that are not at their default. Element types, strides and buffers are not part of it.
json problem_to_json(const problem_data& problem);

/// The same with the rules, the capacities, and of the previous batch what differs.
json case_to_json(const case_data& stated);

/// The elements of `outputs` (in host memory), an answer to what is stated: the live ones, or all that the buffer of a
/// given capacity holds. Vectors are arrays, `total_rows` is a number, `status` an array of bit names when it is not 0;
/// page tables are arrays of rows cut to their live prefix, empty for a request whose slot is no row of req_to_token.
json answer_to_json(const case_data& stated, const nsameta_outputs& outputs);

/// Adds the answer of the next draft step: an element of `draft_` and the field's name, of each field. Engines' names
/// stand for two, `draft_seq_lens` for cache_seqlens and `draft_nsa_seqlens` for nsa_cache_seqlens.
void add_draft_step(json& answer, const json& step);

using nsameta::mode_name;

}  // namespace nsameta::harness
