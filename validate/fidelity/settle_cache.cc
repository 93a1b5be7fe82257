#include "validate/fidelity/settle_cache.h"

#include <bit>
#include <cstring>

namespace fidelio {

std::vector<std::size_t> settle_cache(const KvCacheView& expected, const KvCacheView& actual,
                                      const StepMemory& memory) {
  std::vector<std::size_t> differing;
  for (std::size_t t = 0; t < memory.n_tokens; ++t) {
    const auto position = static_cast<std::size_t>(memory.positions[t]);
    bool same = true;
    const auto settle = [&same](float& mine, const float& theirs) {
      same &= std::bit_cast<std::uint32_t>(mine) == std::bit_cast<std::uint32_t>(theirs);
      mine = theirs;
    };
    for (std::size_t h = 0; h < expected.heads; ++h) {
      for (std::size_t d = 0; d < expected.head_dim; ++d) {
        const std::size_t key = expected.key_index(h, position, d);
        const std::size_t value = expected.value_index(h, position) + d;
        settle(actual.keys[key], expected.keys[key]);
        settle(actual.values[value], expected.values[value]);
      }
    }
    if (!same) differing.push_back(t);
  }
  return differing;
}

std::vector<std::size_t> settle_cache(const ConvCacheView& expected, const ConvCacheView& actual,
                                      const StepMemory& memory) {
  std::vector<std::size_t> differing;
  const std::size_t bytes = expected.channels * sizeof(float);
  for (std::size_t t = 0; t < memory.n_tokens; ++t) {
    const auto position = static_cast<std::size_t>(memory.positions[t]);
    if (std::memcmp(actual.row(position), expected.row(position), bytes) == 0) continue;
    differing.push_back(t);
    std::memcpy(actual.row(position), expected.row(position), bytes);
  }
  return differing;
}

}  // namespace fidelio
