#include "capsules/statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace fidelio {
namespace {

constexpr std::int64_t kExactPairs = 60;
constexpr double kTail = 0.025;
constexpr double kNormalQuantile = 1.959963984540054;  ///< of 97.5%

/// The place of a finite number among all doubles in ascending order; -0 and 0 share one.
std::int64_t place(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}

double at_place(std::int64_t place) {
  return std::bit_cast<double>(place >= 0 ? place
                                          : std::numeric_limits<std::int64_t>::min() - place);
}

/// How many Walsh averages of `sorted` are at most `limit`: as i rises, the j that still fit fall.
std::int64_t walsh_averages_up_to(std::span<const double> sorted, double limit) {
  std::int64_t count = 0;
  std::size_t fitting = sorted.size();  // j < fitting fit to i
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    while (fitting > 0 && (sorted[i] + sorted[fitting - 1]) / 2 > limit) --fitting;
    if (fitting <= i) break;
    count += static_cast<std::int64_t>(fitting - i);
  }
  return count;
}

/// The largest rank k for which P(W <= k - 1) <= 2.5%, and the confidence 1 - 2 P(W <= k - 1).
std::pair<std::int64_t, double> interval_rank(std::int64_t n) {
  const auto pairs = static_cast<double>(n);
  if (n > kExactPairs) {
    const double mean = pairs * (pairs + 1) / 4;
    const double deviation = std::sqrt(pairs * (pairs + 1) * (2 * pairs + 1) / 24);
    return {std::max<std::int64_t>(
                1, static_cast<std::int64_t>(std::floor(mean - kNormalQuantile * deviation))),
            0.95};
  }
  const double patterns = std::pow(2.0, pairs);
  std::int64_t rank = 0;
  while (signed_rank_cdf_count(n, rank) / patterns <= kTail) ++rank;
  return {rank, 1 - 2 * signed_rank_cdf_count(n, rank - 1) / patterns};
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - std::floor(at)) * (values[above] - values[below]);
}

double walsh_average(std::span<const double> sorted, std::int64_t rank) {
  // Bisection over all doubles between the extremes: the least that `rank` averages do not exceed.
  std::int64_t low = place(sorted.front());
  std::int64_t high = place(sorted.back());
  while (low < high) {
    const std::int64_t middle =
        low + static_cast<std::int64_t>(
                  (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)) / 2);
    if (walsh_averages_up_to(sorted, at_place(middle)) >= rank) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return at_place(low);
}

double signed_rank_cdf_count(std::int64_t n, std::int64_t w) {
  if (w < 0) return 0;
  // counts[s]: subsets of the ranks so far whose sum is s.
  std::vector<double> counts(static_cast<std::size_t>(w) + 1, 0.0);
  counts[0] = 1;
  for (std::int64_t rank = 1; rank <= n; ++rank) {
    for (std::int64_t sum = w; sum >= rank; --sum) {
      counts[static_cast<std::size_t>(sum)] += counts[static_cast<std::size_t>(sum - rank)];
    }
  }
  double total = 0;
  for (const double count : counts) total += count;
  return total;
}

ShiftEstimate signed_rank_shift(std::span<const double> differences) {
  ShiftEstimate out;
  std::vector<double> sorted(differences.begin(), differences.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<std::int64_t>(sorted.size());
  const std::int64_t averages = n * (n + 1) / 2;
  out.estimate =
      n == 0
          ? std::numeric_limits<double>::quiet_NaN()
          : (walsh_average(sorted, (averages + 1) / 2) + walsh_average(sorted, averages / 2 + 1)) /
                2;
  if (n < kMinPairs) return out;
  const auto [rank, confidence] = interval_rank(n);
  out.rank = rank;
  out.confidence = confidence;
  out.low = walsh_average(sorted, rank);
  out.high = walsh_average(sorted, averages + 1 - rank);
  return out;
}

ShareEstimate wilson_share(std::int64_t hits, std::int64_t trials) {
  if (trials <= 0) return {std::numeric_limits<double>::quiet_NaN(), 0, 1};
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(hits) / n;
  constexpr double kSquare = kNormalQuantile * kNormalQuantile;
  const double centre = (share + kSquare / (2 * n)) / (1 + kSquare / n);
  const double half = kNormalQuantile * std::sqrt(share * (1 - share) / n + kSquare / (4 * n * n)) /
                      (1 + kSquare / n);
  // None hit and all hit end at 0 and 1, which rounding may just miss.
  return {share, hits == 0 ? 0 : std::max(0.0, centre - half),
          hits == trials ? 1 : std::min(1.0, centre + half)};
}

}  // namespace fidelio
