#include "validate/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace fidelio {

double distinct_4gram_share(std::span<const std::int32_t> ids) {
  if (ids.size() < 4) return 1.0;
  std::set<std::array<std::int32_t, 4>> grams;
  for (std::size_t i = 0; i + 4 <= ids.size(); ++i)
    grams.insert({ids[i], ids[i + 1], ids[i + 2], ids[i + 3]});
  return static_cast<double>(grams.size()) / static_cast<double>(ids.size() - 3);
}

std::optional<std::int64_t> loop_start(std::span<const std::int32_t> ids) {
  constexpr std::size_t kMinLength = 32;
  std::optional<std::size_t> best;
  for (std::size_t period = 1; period * 3 <= ids.size(); ++period) {
    std::size_t begin = ids.size() - period;
    while (begin > 0 && ids[begin - 1] == ids[begin - 1 + period]) --begin;
    const std::size_t length = ids.size() - begin;
    if (length >= 3 * period && length >= kMinLength && (!best || begin < *best)) best = begin;
  }
  if (!best) return std::nullopt;
  return static_cast<std::int64_t>(*best);
}

bool has_small_margin(std::span<const float> logits) {
  float first = -std::numeric_limits<float>::infinity();
  float second = first;
  float magnitude = 0;
  for (const float z : logits) {
    magnitude = std::max(magnitude, std::abs(z));
    if (z > first) {
      second = first;
      first = z;
    } else {
      second = std::max(second, z);
    }
  }
  return !(first - second >= 0.001F * magnitude);
}

}  // namespace fidelio
