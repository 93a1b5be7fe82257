// Order statistics of numbers that are counted, never listed: a search over all doubles for the
// least one that enough of them do not exceed. What is counted is the caller's business.
// Internal to capsules/.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace fidelio {

/// The place of a finite number among all doubles in ascending order; -0 and 0 share one.
inline std::int64_t place_of(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}

inline double double_at(std::int64_t place) {
  return std::bit_cast<double>(place >= 0 ? place
                                          : std::numeric_limits<std::int64_t>::min() - place);
}

/// The least double from `low` to `high` for which count_up_to(it) is at least `rank`; `high` must
/// be one of those. `count_up_to` never falls as its argument rises.
template <class Count>
double least_with_rank(double low, double high, std::int64_t rank, const Count& count_up_to) {
  std::int64_t first = place_of(low);
  std::int64_t last = place_of(high);
  while (first < last) {
    const std::int64_t middle =
        first + static_cast<std::int64_t>(
                    (static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first)) / 2);
    if (count_up_to(double_at(middle)) >= rank) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return double_at(first);
}

}  // namespace fidelio
