/// The oracle: every rule computed from its definition, row by row, on one thread. What another backend writes is right
/// when it equals what this one writes.
///
/// The parts of a fill, in the order they run. Every bit of the status word is raised by the part that sees its cause.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nsameta/nsameta.h"

namespace nsameta::reference {

/// A request as the definitions see it, kept on this rank. All lengths are non-negative and fit int32.
struct request {
  std::int64_t index;      ///< its place in the caller's batch
  bool is_live;            ///< else padding: no row sees anything, and cache_len is seq_pad
  std::int64_t kv_len;     ///< s
  std::int64_t query_len;  ///< q
  std::int64_t tokens;     ///< that have a row on some rank: q, or n where q tokens are padded to n
  std::int64_t cache_len;  ///< s, in target_verify s + q, of which context_limit leaves; before kv_shard
  std::int64_t rows;       ///< tokens on this rank
  std::int64_t earlier;    ///< the cache_len of all kept requests before it
};

/// Tokens of one request that have rows one after another: first, first + step, ...
struct run {
  std::size_t request;  ///< its place in `kept`
  std::int64_t first;   ///< within the request
  std::int64_t step;    ///< 1 or more
  std::int64_t rows;    ///< 1 or more
};

/// Under q_shard only the requests and the tokens that this rank keeps.
struct batch {
  std::vector<request> kept;
  std::vector<run> runs;  ///< in row order
  std::int64_t rows;      ///< T. Below 2^63, because 2^32 requests of 2^31 tokens do not fit in memory
};

/// Element `i` of an input vector.
std::int64_t read(const nsameta_strided& vector, std::int64_t i);

/// Looks at every length, `length_offset` added to those of the cache; raises negative_length, query_longer_than_kv,
/// length_overflow, context_exceeded for context_limit, and capacity_exceeded for more than n tokens in `status`.
batch read_batch(const nsameta_problem& problem, std::int64_t length_offset, std::int32_t& status);

/// The vectors with an element for each request.
void write_request_vectors(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                           std::int32_t& status);

/// The vectors with an element for each row, as far as their capacities go.
void write_row_vectors(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                       std::int32_t& status);

/// Where the key of a request's position is written, if this rank writes it: by block_table, and by req_to_token.
std::optional<std::int64_t> slot_in_blocks(const nsameta_problem& problem, const request& r, std::int64_t position);
std::optional<std::int64_t> slot_in_tokens(const nsameta_problem& problem, const request& r, std::int64_t position);

/// The KV slot that the engine gives of a row's token; none where it is negative, and of rows past those that it gives.
std::optional<std::int64_t> slot_of_row(const nsameta_problem& problem, std::int64_t row);

/// The same of the row in the request's one block of keys whose pool is unfinished, which is written round and round.
std::optional<std::int64_t> slot_in_tail_block(const nsameta_problem& problem, const request& r, std::int64_t position);

/// Raises context_exceeded and bad_slot for the slots that are asked for, also of rows that no buffer has room for.
void check_slots(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                 std::int32_t& status);

/// What stands beyond the live elements; reads the last totals that the two functions above wrote.
void write_vector_tails(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                        std::int32_t& status);

/// The lengths of padding rows, which stand behind those of the batch.
void write_padding_rows(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                        std::int32_t& status);

void write_page_tables(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                       std::int32_t& status);

/// Raises length_overflow where a request counts fewer units than its length has.
void write_plans(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                 std::int32_t& status);

/// T and the status word, whose every bit is in by then.
void write_scalars(const nsameta_outputs& outputs, const batch& requests, std::int32_t& status);

}  // namespace nsameta::reference
