// Statistics of pairs: order statistics, Walsh averages, and the Hodges-Lehmann shift with its
// exact signed-rank interval; of counts: a share with its interval. Pure functions of numbers;
// which numbers are pairs is capsules/timing.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fidelio {

/// The middle value, or the mean of the two middle ones; NaN for none.
double median(std::vector<double> values);

/// The value below which `share` (0 to 1) of the sorted values lie, interpolated between
/// neighbours; NaN for none. Source: Hyndman and Fan 1996, definition 7, numpy's default.
double percentile(std::vector<double> values, double share);

/// The rank-th smallest (from 1) of the n (n + 1) / 2 Walsh averages (x_i + x_j) / 2, i <= j, of
/// `sorted` finite values. They are counted, never listed: a capsule may hold many pairs.
double walsh_average(std::span<const double> sorted, std::int64_t rank);

/// How many of the 2^n sign patterns of n ranks have a rank sum of at most w (exact while n <= 60).
double signed_rank_cdf_count(std::int64_t n, std::int64_t w);

/// x with P(X > x) = tail of the standard normal distribution, 0 < tail < 1.
double normal_upper_quantile(double tail);

struct ShiftEstimate {
  double estimate = 0;        ///< median of the Walsh averages (Hodges and Lehmann 1963)
  std::optional<double> low;  ///< absent where the values are too few
  std::optional<double> high;
  double confidence = 0;  ///< of the interval, exact
  std::int64_t rank = 0;  ///< low is the rank-th smallest Walsh average, high the rank-th largest
};

inline constexpr std::int64_t kMinPairs = 6;

/// What an interval may miss, both sides together: of a single look at the data, and of each of
/// two, so that both together miss 5%. Source of the second: Pocock 1977, Group sequential methods,
/// table 1, two groups.
inline constexpr double kLevelOfOneLook = 0.05;
inline constexpr double kLevelOfTwoLooks = 0.0294;

/// The shift of paired differences, with the narrowest interval that misses at most `level` by the
/// exact Wilcoxon signed-rank distribution (15 values: of 120 averages the 26th and the 95th at 5%,
/// 95.2%; the 22nd and the 99th at 2.94%). More than 60 values use its normal limit. With tied
/// absolute values or zeros the interval, ends included, misses no more than without. Source:
/// Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, section 3.3.
ShiftEstimate signed_rank_shift(std::span<const double> differences,
                                double level = kLevelOfOneLook);

/// The exact one-sided p value of "the shift is `at` or more", small where the differences lie
/// below: P(W <= w), w the number of Walsh averages at or above `at`. It is at most level / 2 just
/// where the interval of that level ends below `at`. Averages of exactly `at`, which come from
/// ties and zeros, count as above it, so that p is then too large and never too small. 1 without
/// differences; more than 60 use the normal limit.
double signed_rank_p_below(std::span<const double> differences, double at);

struct ShareEstimate {
  double share = 0;  ///< NaN for no trials
  double low = 0;
  double high = 1;
};

/// The share of `hits` among independent `trials` with its 95% score interval, which is sound for
/// few trials and for none or all of them hit. Without trials it says nothing: 0 to 1. Source:
/// Wilson 1927, Probable inference, the law of succession, and statistical inference.
ShareEstimate wilson_share(std::int64_t hits, std::int64_t trials);

}  // namespace fidelio
