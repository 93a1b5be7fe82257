#include "core/prefill_chunks.h"

#include <algorithm>

namespace fidelio {

std::vector<std::size_t> prefill_chunks(std::size_t n_tokens, std::size_t chunk) {
  if (chunk == 0) chunk = kDefaultChunk;
  std::vector<std::size_t> widths;
  for (std::size_t left = n_tokens; left > 0;) {
    std::size_t width = std::min(left, chunk);
    const std::size_t rest = left - width;
    // A small remainder is fed from this chunk, if that one stays above the guard itself.
    if (rest > 0 && rest <= kGuardTokens && width > 2 * kGuardTokens)
      width -= kGuardTokens + 1 - rest;
    widths.push_back(width);
    left -= width;
  }
  return widths;
}

}  // namespace fidelio
