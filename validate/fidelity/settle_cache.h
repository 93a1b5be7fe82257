// The cache's part of the site pass: what kv_append or short_conv wrote, held to the baseline's
// cache.
#pragma once

#include <cstddef>
#include <vector>

#include "core/run_node.h"

namespace fidelio {

/// Compares the rows that a step appended to the patched arm's cache with the baseline's and
/// replaces them. Returns the indices of the tokens whose rows differed.
std::vector<std::size_t> settle_cache(const KvCacheView& expected, const KvCacheView& actual,
                                      const StepMemory& memory);
std::vector<std::size_t> settle_cache(const ConvCacheView& expected, const ConvCacheView& actual,
                                      const StepMemory& memory);

}  // namespace fidelio
