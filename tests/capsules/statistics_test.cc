// The signed-rank interval against the published tables and scipy's exact distribution; the score
// interval of a share against scipy's.
#include "capsules/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace fidelio {
namespace {

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(Percentile, LiesBetweenItsNeighbours) {
  // numpy.percentile([3, 1, 2, 10], [0, 50, 95, 100])
  const std::vector<double> values = {3, 1, 2, 10};
  EXPECT_EQ(percentile(values, 0), 1);
  EXPECT_EQ(percentile(values, 0.5), 2.5);
  EXPECT_NEAR(percentile(values, 0.95), 8.95, 1e-12);
  EXPECT_EQ(percentile(values, 1), 10);
  EXPECT_TRUE(std::isnan(percentile({}, 0.5)));
}

/// All of them, listed.
std::vector<double> walsh_averages(const std::vector<double>& values) {
  std::vector<double> averages;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i; j < values.size(); ++j) averages.push_back((values[i] + values[j]) / 2);
  }
  std::sort(averages.begin(), averages.end());
  return averages;
}

TEST(WalshAverage, IsThatOfTheSortedListAtEachRank) {
  EXPECT_THAT(walsh_averages({1, 4, 2}), ::testing::ElementsAre(1, 1.5, 2, 2.5, 3, 4));
  std::mt19937 random(7);
  std::normal_distribution<double> noise(0, 1e-2);
  for (std::size_t n = 1; n <= 24; ++n) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(i % 3 == 0 ? 0.0 : noise(random));
    std::sort(values.begin(), values.end());
    const std::vector<double> expected = walsh_averages(values);
    for (std::size_t rank = 1; rank <= expected.size(); ++rank)
      EXPECT_EQ(walsh_average(values, static_cast<std::int64_t>(rank)), expected[rank - 1]);
  }
}

TEST(SignedRankShift, TakesAHundredThousandPairsWithoutListingTheirAverages) {
  std::vector<double> x;
  for (int i = 0; i < 100'000; ++i) x.push_back(std::sin(i * 0.7) + 0.5);
  EXPECT_NEAR(signed_rank_shift(x).estimate, 0.5, 1e-3);
}

TEST(SignedRank, CountsSubsetsOfRanks) {
  EXPECT_EQ(signed_rank_cdf_count(3, 0), 1);
  EXPECT_EQ(signed_rank_cdf_count(3, 3), 5);  // {}, {1}, {2}, {3}, {1, 2}
  EXPECT_EQ(signed_rank_cdf_count(3, 6), 8);
}

struct RankCase {
  std::size_t n;
  std::int64_t rank;
  double confidence;
};

// scipy 1.x: d = scipy.stats._wilcoxon.WilcoxonDistribution(n); rank = count of w with d.cdf(w) <=
// 0.025; confidence = 1 - 2 d.cdf(rank - 1).
class IntervalRank : public ::testing::TestWithParam<RankCase> {};

TEST_P(IntervalRank, IsThatOfTheExactDistribution) {
  std::vector<double> values;
  for (std::size_t i = 0; i < GetParam().n; ++i) values.push_back(std::sin(static_cast<double>(i)));
  const ShiftEstimate shift = signed_rank_shift(values);
  EXPECT_EQ(shift.rank, GetParam().rank);
  EXPECT_NEAR(shift.confidence, GetParam().confidence, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Sizes, IntervalRank,
                         ::testing::Values(RankCase{6, 1, 0.96875}, RankCase{10, 9, 0.951171875},
                                           RankCase{15, 26, 0.95208740234375},
                                           RankCase{20, 53, 0.9515590667724609},
                                           RankCase{30, 138, 0.9502898789942265}));

TEST(SignedRankShift, TakesThe26thAndThe95thOf120WalshAverages) {
  // numpy: sorted((x[i] + x[j]) / 2 for i <= j); its median, [25] and [94].
  const std::vector<double> x = {0.011, 0.034, -0.012, 0.051, 0.027, 0.019, 0.008, -0.003,
                                 0.042, 0.036, 0.013,  0.022, 0.031, 0.005, 0.017};
  const ShiftEstimate shift = signed_rank_shift(x);
  EXPECT_NEAR(shift.estimate, 0.01975, 1e-12);
  EXPECT_NEAR(*shift.low, 0.0105, 1e-12);
  EXPECT_NEAR(*shift.high, 0.0305, 1e-12);
}

TEST(SignedRankShift, GivesNoIntervalForFiveValues) {
  const std::vector<double> five = {1, 2, 3, 4, 5};
  EXPECT_EQ(signed_rank_shift(five).estimate, 3);
  EXPECT_FALSE(signed_rank_shift(five).low.has_value());
}

TEST(SignedRankShift, MovesWithItsValues) {
  std::vector<double> x = {0.1, -0.2, 0.3, 0.05, -0.15, 0.22, 0.0};
  const ShiftEstimate before = signed_rank_shift(x);
  for (double& v : x) v += 1;
  const ShiftEstimate after = signed_rank_shift(x);
  EXPECT_NEAR(after.estimate, before.estimate + 1, 1e-12);
  EXPECT_NEAR(*after.low, *before.low + 1, 1e-12);
}

TEST(SignedRankShift, UsesTheNormalLimitForManyValues) {
  std::vector<double> x;
  for (int i = 0; i < 61; ++i) x.push_back(i);
  EXPECT_NEAR(static_cast<double>(signed_rank_shift(x).rank), 673,
              10);  // mean 945.5, deviation 138.9
}

struct ShareCase {
  std::int64_t hits;
  std::int64_t trials;
  double low;
  double high;
};

// scipy 1.17.1: scipy.stats.binomtest(hits, trials).proportion_ci(0.95, method="wilson")
const ShareCase kShares[] = {
    {0, 1, 0.0, 0.7934506856227626},
    {0, 5, 0.0, 0.43448246478317476},
    {2, 5, 0.11762077423264794, 0.769275718723987},
    {5, 5, 0.5655175352168251, 1.0},
    {1, 20, 0.008881448800795402, 0.23613119344674205},
    {10, 20, 0.2992980081982124, 0.7007019918017876},
    {37, 1000, 0.026961180875554734, 0.05058239748206931},
    {1000, 1000, 0.9961732415144449, 1.0},
};

TEST(WilsonShare, IsScipys) {
  for (const auto& [hits, trials, low, high] : kShares) {
    const ShareEstimate share = wilson_share(hits, trials);
    EXPECT_EQ(share.share, static_cast<double>(hits) / static_cast<double>(trials));
    EXPECT_NEAR(share.low, low, 1e-14) << hits << " of " << trials;
    EXPECT_NEAR(share.high, high, 1e-14) << hits << " of " << trials;
  }
}

TEST(WilsonShare, OfNoTrialSaysNothing) {
  const ShareEstimate share = wilson_share(0, 0);
  EXPECT_TRUE(std::isnan(share.share));
  EXPECT_EQ(share.low, 0);
  EXPECT_EQ(share.high, 1);
}

}  // namespace
}  // namespace fidelio
