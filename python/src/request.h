/// A call's arguments as the library takes them. Everything is pointed to, nothing copied.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

#include "array.h"

namespace nsameta::python {

/// The arguments of a vectorcall: no tuple and no dictionary is made of them.
struct call_arguments {
  PyObject* const* values;  ///< the positional ones, then those of `names`
  Py_ssize_t positional;
  PyObject* names;  ///< a tuple of strings, or null
};

/// What is filled: one set of outputs, which are arguments of their own, or a sequence of sets, each a dictionary.
enum class sets { one, many };

/// What the functions of a request take, as inspect.signature() reads it.
std::string request_signature(sets what);

class request {
 public:
  request(const call_arguments& given, sets what);

  nsameta_problem problem;
  nsameta_outputs outputs;                 ///< of one set
  std::vector<nsameta_outputs> many_sets;  ///< of many
  nsameta_target target;
  bool stream_unknown;  ///< of the arrays: the default stream is the target's

  /// To be called once the outputs are written.
  void tell_written() const { arrays_.tell_written(); }

 private:
  friend struct setters;

  class values;
  static std::optional<std::uintptr_t> stream_of(const values& given);
  explicit request(const values& given);
  void check_lengths();
  void start_set();
  void apply_limits();

  array_reader arrays_;
  std::list<std::string> names_;                ///< of the arguments of many sets, and of plans
  std::list<std::vector<nsameta_plan>> plans_;  ///< of each set that asks for some; outputs point to them
  std::optional<std::int64_t> batch_size_, row_limit_, column_limit_;
  std::uint64_t flags_ = 0;    ///< of the target
  std::int64_t requests_ = 0;  ///< elements of seq_lens
  /// Elements of these.
  std::optional<std::int64_t> extend_seq_lens_, req_pool_indices_, topk_lens_, extra_topk_lens_, num_logits_,
      num_rejected_, row_slots_, swa_floor_;
};

}  // namespace nsameta::python
