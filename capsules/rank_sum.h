// Statistics of two samples that are no pairs: the exact Mann-Whitney distribution, and the
// Hodges-Lehmann shift of one sample against the other with its interval. Pure functions of
// numbers; which numbers are samples is capsules/diff.h and capsules/gate_against.h.
#pragma once

#include <cstdint>
#include <span>

#include "capsules/statistics.h"

namespace fidelio {

/// P(U <= u) of the Mann-Whitney statistic, the number of pairs (one of m, one of n values) in
/// which the second is the larger, when all orders of the m + n values are equally likely. Rounded
/// like a double while m + n <= 120.
double rank_sum_cdf(std::int64_t m, std::int64_t n, std::int64_t u);

/// The rank-th smallest (from 1) of the differences second_j - first_i of two `sorted` samples of
/// finite values. They are counted, never listed.
double pair_difference(std::span<const double> first, std::span<const double> second,
                       std::int64_t rank);

/// By how much `second` lies above `first`: the median of all differences second_j - first_i, with
/// the narrowest interval that misses at most `level` by the exact Mann-Whitney distribution, from
/// the rank-th smallest difference to the rank-th largest. More than 120 values use its normal
/// limit. No interval where the samples are too few for the level; NaN without any. With ties the
/// interval, ends included, misses no more than without. Source: Hollander, Wolfe, Chicken,
/// Nonparametric Statistical Methods, sections 4.2 and 4.3.
ShiftEstimate rank_sum_shift(std::span<const double> first, std::span<const double> second,
                             double level = kLevelOfOneLook);

}  // namespace fidelio
