/// What is measured. Names of groups: cuda/MEASURE/CASE/..., which bench/targets.py looks up.
#pragma once

#include "session.h"

namespace nsameta::bench {

void measure_vector_nodes(gpu_session& session);       ///< vector fields, as nodes of a graph, over batch sizes
void measure_long_rows(gpu_session& session);          ///< two fields up to 1e8 rows, beside memset
void measure_calls(gpu_session& session);              ///< pipelined calls from C, beside raw launches
void measure_general(gpu_session& session);            ///< shards, pools and indexer ranges, beside the floor
void measure_plans(gpu_session& session);              ///< plans, alone and in a step, beside a launch for each
void measure_compressed_caches(gpu_session& session);  ///< DeepSeek V4's, part by part and whole

/// The first fill after nsameta_warmup, and later ones, each timed by itself, in microseconds. For a fresh process.
nlohmann::json measure_first_call(const std::string& backend);

}  // namespace nsameta::bench
