/// Whether the ranks' parts together are the whole, token by token and position by position.
#pragma once

#include "batch.h"

namespace sharded {

/// How many KV positions each row of the batch sees.
ints visible_positions(const batch& of);

/// Row by row, the ranks hold `visible` positions in all, each the ones that are dealt to it. Throws what differs.
void check_kv_shards(const std::vector<ints>& parts, const ints& visible);

/// Token t is row t / size of rank t mod size, and the ranks have no row besides. Throws what differs.
void check_q_shards(const std::vector<ints>& parts, const ints& visible);

}  // namespace sharded
