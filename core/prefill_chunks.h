// How a prompt is cut into steps. Fused kernels are guarded to few tokens, so a short last chunk
// would run another plan than the rest; the cut leaves no remainder of that size where it can be
// avoided.
#pragma once

#include <cstddef>
#include <vector>

namespace fidelio {

/// The largest number of tokens that a fused kernel's guard admits by default.
inline constexpr std::size_t kGuardTokens = 32;

/// Step widths that add up to n_tokens, none above `chunk` (0: no limit but kDefaultChunk). When a
/// chunk is larger than the guard and the prompt too, no step has kGuardTokens tokens or fewer.
std::vector<std::size_t> prefill_chunks(std::size_t n_tokens, std::size_t chunk);

inline constexpr std::size_t kDefaultChunk = 512;

}  // namespace fidelio
