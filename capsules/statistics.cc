#include "capsules/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "capsules/double_order.h"

namespace fidelio {
namespace {

constexpr std::int64_t kExactPairs = 60;
constexpr double kNormalQuantile = 1.959963984540054;  ///< of 97.5%

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

/// counts[s]: subsets of the ranks 1 to n whose sum is s, for sums of at most `limit`.
std::vector<double> subset_counts(std::int64_t n, std::int64_t limit) {
  std::vector<double> counts(static_cast<std::size_t>(limit) + 1, 0.0);
  counts[0] = 1;
  for (std::int64_t rank = 1; rank <= n; ++rank) {
    for (std::int64_t sum = limit; sum >= rank; --sum)
      counts[static_cast<std::size_t>(sum)] += counts[static_cast<std::size_t>(sum - rank)];
  }
  return counts;
}

double mean_of_signed_ranks(double n) { return n * (n + 1) / 4; }
double deviation_of_signed_ranks(double n) { return std::sqrt(n * (n + 1) * (2 * n + 1) / 24); }

/// The largest rank k for which P(W <= k - 1) is at most half the level, and the confidence
/// 1 - 2 P(W <= k - 1); rank 0 where even the smallest sum is too likely.
std::pair<std::int64_t, double> interval_rank(std::int64_t n, double level) {
  const auto pairs = static_cast<double>(n);
  if (n > kExactPairs) {
    const double low = mean_of_signed_ranks(pairs) -
                       normal_upper_quantile(level / 2) * deviation_of_signed_ranks(pairs);
    return {std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(low))), 1 - level};
  }
  const double patterns = std::pow(2.0, pairs);
  double below = 0;  // sign patterns with a sum below `rank`
  std::int64_t rank = 0;
  for (const double count : subset_counts(n, n * (n + 1) / 4)) {
    if (2 * (below + count) / patterns > level) break;
    below += count;
    ++rank;
  }
  return {rank, 1 - 2 * below / patterns};
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

double normal_upper_quantile(double tail) {
  // The tail beyond x falls as x rises; 40 deviations hold every double's tail.
  double low = -40;
  double high = 40;
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) / 2 > tail ? low : high) = middle;
  }
  return high;
}

double walsh_average(std::span<const double> sorted, std::int64_t rank) {
  return least_with_rank(sorted.front(), sorted.back(), rank,
                         [&](double limit) { return walsh_averages_up_to(sorted, limit); });
}

double signed_rank_cdf_count(std::int64_t n, std::int64_t w) {
  if (w < 0) return 0;
  const std::vector<double> counts = subset_counts(n, std::min(w, n * (n + 1) / 2));
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

ShiftEstimate signed_rank_shift(std::span<const double> differences, double level) {
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
  const auto [rank, confidence] = interval_rank(n, level);
  if (rank == 0) return out;
  out.rank = rank;
  out.confidence = confidence;
  out.low = walsh_average(sorted, rank);
  out.high = walsh_average(sorted, averages + 1 - rank);
  return out;
}

double signed_rank_p_below(std::span<const double> differences, double at) {
  if (differences.empty()) return 1;
  std::vector<double> sorted(differences.begin(), differences.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<std::int64_t>(sorted.size());
  // Averages at `at` itself count as above it, with ties and zeros too: p is then never too small.
  const double before = std::nextafter(at, -std::numeric_limits<double>::infinity());
  const std::int64_t sum = n * (n + 1) / 2 - walsh_averages_up_to(sorted, before);
  const auto pairs = static_cast<double>(n);
  if (n <= kExactPairs) return signed_rank_cdf_count(n, sum) / std::pow(2.0, pairs);
  const double z = (static_cast<double>(sum) + 0.5 - mean_of_signed_ranks(pairs)) /
                   deviation_of_signed_ranks(pairs);
  return std::erfc(-z / std::sqrt(2.0)) / 2;
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
