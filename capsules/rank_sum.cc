#include "capsules/rank_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "capsules/double_order.h"

namespace fidelio {
namespace {

constexpr std::int64_t kExactValues = 120;

/// shares[u]: P(U = u) for u of at most `limit`. U + m (m + 1) / 2 is the sum of m of the ranks 1
/// to m + n, so subsets are counted by size and sum; only additions, so nothing cancels.
std::vector<double> rank_sum_shares(std::int64_t m, std::int64_t n, std::int64_t limit) {
  const auto sums = static_cast<std::size_t>(limit) + 1;
  const auto size = static_cast<std::size_t>(m);
  // counts[k][u]: subsets of k ranks whose sum is u above the least that k ranks have. Adding rank
  // r to k - 1 others raises that by r - k.
  std::vector<std::vector<double>> counts(size + 1, std::vector<double>(sums, 0.0));
  counts[0][0] = 1;
  for (std::size_t rank = 1; rank <= size + static_cast<std::size_t>(n); ++rank) {
    for (std::size_t k = std::min(rank, size); k >= 1; --k) {
      for (std::size_t u = rank - k; u < sums; ++u) counts[k][u] += counts[k - 1][u - (rank - k)];
    }
  }
  double all = 1;  // subsets of m ranks
  for (std::int64_t i = 1; i <= m; ++i)
    all = all * static_cast<double>(n + i) / static_cast<double>(i);
  for (double& count : counts[size]) count /= all;
  return std::move(counts[size]);
}

/// How many differences are at most `limit`: as the first sample rises, more of the second fit.
std::int64_t differences_up_to(std::span<const double> first, std::span<const double> second,
                               double limit) {
  std::int64_t count = 0;
  std::size_t fitting = 0;  // of the second, to this one of the first
  for (const double value : first) {
    while (fitting < second.size() && second[fitting] - value <= limit) ++fitting;
    count += static_cast<std::int64_t>(fitting);
  }
  return count;
}

/// As interval_rank of statistics.cc, of m n differences.
std::pair<std::int64_t, double> interval_rank(std::int64_t m, std::int64_t n, double level) {
  if (m + n > kExactValues) {
    const auto a = static_cast<double>(m);
    const auto b = static_cast<double>(n);
    const double deviation = std::sqrt(a * b * (a + b + 1) / 12);
    const double low = a * b / 2 - normal_upper_quantile(level / 2) * deviation;
    if (low < 1) return {0, 0};
    return {static_cast<std::int64_t>(std::floor(low)), 1 - level};
  }
  double below = 0;
  std::int64_t rank = 0;
  for (const double share : rank_sum_shares(m, n, m * n / 2)) {
    if (2 * (below + share) > level) break;
    below += share;
    ++rank;
  }
  return {rank, 1 - 2 * below};
}

}  // namespace

double rank_sum_cdf(std::int64_t m, std::int64_t n, std::int64_t u) {
  if (u < 0) return 0;
  if (u >= m * n) return 1;
  double sum = 0;
  for (const double share : rank_sum_shares(m, n, u)) sum += share;
  return std::min(sum, 1.0);
}

double pair_difference(std::span<const double> first, std::span<const double> second,
                       std::int64_t rank) {
  return least_with_rank(second.front() - first.back(), second.back() - first.front(), rank,
                         [&](double limit) { return differences_up_to(first, second, limit); });
}

ShiftEstimate rank_sum_shift(std::span<const double> first, std::span<const double> second,
                             double level) {
  ShiftEstimate out;
  out.estimate = std::numeric_limits<double>::quiet_NaN();
  if (first.empty() || second.empty()) return out;
  std::vector<double> a(first.begin(), first.end());
  std::vector<double> b(second.begin(), second.end());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const auto m = static_cast<std::int64_t>(a.size());
  const auto n = static_cast<std::int64_t>(b.size());
  const std::int64_t all = m * n;
  out.estimate = (pair_difference(a, b, (all + 1) / 2) + pair_difference(a, b, all / 2 + 1)) / 2;
  const auto [rank, confidence] = interval_rank(m, n, level);
  if (rank == 0) return out;
  out.rank = rank;
  out.confidence = confidence;
  out.low = pair_difference(a, b, rank);
  out.high = pair_difference(a, b, all + 1 - rank);
  return out;
}

}  // namespace fidelio
