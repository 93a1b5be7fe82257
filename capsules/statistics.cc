#include "capsules/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fidelio {
namespace {

constexpr std::int64_t kExactPairs = 60;
constexpr double kTail = 0.025;

/// The largest rank k for which P(W <= k - 1) <= 2.5%, and the confidence 1 - 2 P(W <= k - 1).
std::pair<std::int64_t, double> interval_rank(std::int64_t n) {
  const auto pairs = static_cast<double>(n);
  if (n > kExactPairs) {
    const double mean = pairs * (pairs + 1) / 4;
    const double deviation = std::sqrt(pairs * (pairs + 1) * (2 * pairs + 1) / 24);
    constexpr double kNormalQuantile = 1.959963984540054;  // of 97.5%
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

std::vector<double> walsh_averages(std::span<const double> values) {
  std::vector<double> averages;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i; j < values.size(); ++j) averages.push_back((values[i] + values[j]) / 2);
  }
  std::sort(averages.begin(), averages.end());
  return averages;
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
  const std::vector<double> averages = walsh_averages(differences);
  out.estimate = median(averages);
  const auto n = static_cast<std::int64_t>(differences.size());
  if (n < kMinPairs) return out;
  const auto [rank, confidence] = interval_rank(n);
  out.rank = rank;
  out.confidence = confidence;
  out.low = averages[static_cast<std::size_t>(rank - 1)];
  out.high = averages[averages.size() - static_cast<std::size_t>(rank)];
  return out;
}

}  // namespace fidelio
