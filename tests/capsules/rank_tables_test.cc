// Rank statistics against scipy's exact distributions and tests, and Holm's correction against its
// definition: tests/data/make_rank_tables.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "capsules/holm.h"
#include "capsules/rank_sum.h"
#include "capsules/statistics.h"

namespace fidelio {
namespace {

using nlohmann::json;

const json& tables() {
  static const json loaded =
      json::parse(std::ifstream(FIDELIO_SOURCE_DIR "/tests/data/rank_tables.json"));
  return loaded;
}

TEST(SignedRank, HasScipysDistribution) {
  for (const json& table : tables()["signed_rank"]) {
    const std::int64_t n = table["n"];
    std::int64_t w = 0;
    for (const double expected : table["cdf"]) {
      const double actual = signed_rank_cdf_count(n, w) / std::pow(2.0, static_cast<double>(n));
      EXPECT_NEAR(actual, expected, 1e-14 + 1e-13 * expected) << "n " << n << ", w " << w;
      ++w;
    }
    EXPECT_GT(w, 0);
  }
}

TEST(RankSum, HasScipysDistribution) {
  for (const json& table : tables()["rank_sum"]) {
    const std::int64_t m = table["m"];
    const std::int64_t n = table["n"];
    std::int64_t u = 0;
    for (const double expected : table["cdf"]) {
      EXPECT_NEAR(rank_sum_cdf(m, n, u), expected, 1e-14 + 1e-13 * expected) << m << " " << n;
      EXPECT_NEAR(rank_sum_cdf(n, m, u), expected, 1e-14 + 1e-13 * expected) << m << " " << n;
      EXPECT_NEAR(1 - rank_sum_cdf(m, n, m * n - 1 - u), expected, 1e-12);  // its mirror
      ++u;
    }
    EXPECT_GT(u, 0);
  }
  EXPECT_EQ(rank_sum_cdf(3, 4, -1), 0);
  EXPECT_EQ(rank_sum_cdf(3, 4, 12), 1);
}

TEST(SignedRankPBelow, IsScipys) {
  for (const json& table : tables()["p_below"]) {
    const std::vector<double> values = table["values"];
    EXPECT_NEAR(signed_rank_p_below(values, table["at"]), table["p"], 1e-13);
  }
}

TEST(RankSumShift, KeepsTheShiftsThatScipysTestDoesNotReject) {
  for (const json& table : tables()["two_samples"]) {
    const std::vector<double> first = table["first"];
    const std::vector<double> second = table["second"];
    const ShiftEstimate shift = rank_sum_shift(first, second);
    EXPECT_NEAR(shift.estimate, table["estimate"], 1e-15);
    ASSERT_TRUE(shift.low);
    EXPECT_EQ(*shift.low, table["low"]);
    EXPECT_EQ(*shift.high, table["high"]);
  }
}

TEST(Holm, AdjustsByItsDefinition) {
  for (const json& table : tables()["holm"]) {
    const std::vector<double> expected = table["adjusted"];
    const std::vector<double> adjusted = holm_adjusted(table["p"]);
    ASSERT_EQ(adjusted.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
  }
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(TwoLooks, RejectAt21Of120With15PairsAndAt127Of465With30) {
  const auto rank_of = [](int n) {
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(std::sin(i));
    return signed_rank_shift(values, kLevelOfTwoLooks).rank;
  };
  // W <= 21 rejects: the interval begins at the next average, the 22nd.
  EXPECT_EQ(rank_of(15) - 1, 21);
  EXPECT_EQ(rank_of(30) - 1, 127);
  EXPECT_LE(2 * signed_rank_cdf_count(15, 21) / std::pow(2.0, 15), kLevelOfTwoLooks);
  EXPECT_GT(2 * signed_rank_cdf_count(15, 22) / std::pow(2.0, 15), kLevelOfTwoLooks);
}

TEST(SignedRankPBelow, AgreesWithTheIntervalAtEveryLevel) {
  std::mt19937 random(11);
  std::normal_distribution<double> noise(-0.005, 0.01);
  int below = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < 15; ++i) values.push_back(noise(random));
    const double p = signed_rank_p_below(values, 0);
    for (const double level : {kLevelOfOneLook, kLevelOfTwoLooks}) {
      const bool excluded = *signed_rank_shift(values, level).high < 0;
      EXPECT_EQ(p <= level / 2, excluded) << p;
      below += excluded ? 1 : 0;
    }
  }
  EXPECT_GT(below, 50);
  EXPECT_LT(below, 750);
}

TEST(SignedRankPBelow, IsNeverTooSmallForTiesAndZeros) {
  EXPECT_EQ(signed_rank_p_below(std::vector<double>(15, 0.0), 0), 1);
  EXPECT_EQ(signed_rank_p_below({}, 0), 1);
  EXPECT_EQ(signed_rank_p_below(std::vector<double>(15, -0.01), 0), std::pow(2.0, -15));
  // -1 and 1 are tied: without the tie the sum of ranks would be 1 or 2, with it all 3 may count.
  EXPECT_GE(signed_rank_p_below(std::vector<double>{-1, 1, -3}, 0),
            signed_rank_p_below(std::vector<double>{-1, 1.001, -3}, 0));
}

TEST(SignedRankPBelow, UsesTheNormalLimitForManyValues) {
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(std::sin(i * 0.7));
  EXPECT_NEAR(signed_rank_p_below(values, 0), 0.5, 0.1);
  EXPECT_LT(signed_rank_p_below(values, 0.5), 1e-6);
  EXPECT_GT(signed_rank_p_below(values, -0.5), 1 - 1e-6);
}

TEST(NormalQuantile, IsTheTails) {  // scipy.stats.norm.isf
  EXPECT_NEAR(normal_upper_quantile(0.025), 1.959963984540054, 1e-12);
  EXPECT_NEAR(normal_upper_quantile(0.0147), 2.1780810922893408, 1e-12);
  EXPECT_NEAR(normal_upper_quantile(0.5), 0, 1e-12);
}

TEST(PairDifference, IsThatOfTheSortedListAtEachRank) {
  std::mt19937 random(5);
  std::normal_distribution<double> noise(0, 1e-2);
  std::vector<double> a, b, all;
  for (int i = 0; i < 9; ++i) a.push_back(i % 4 == 0 ? 0.0 : noise(random));
  for (int i = 0; i < 13; ++i) b.push_back(i % 5 == 0 ? 0.0 : noise(random));
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  for (const double x : a)
    for (const double y : b) all.push_back(y - x);
  std::sort(all.begin(), all.end());
  for (std::size_t rank = 1; rank <= all.size(); ++rank)
    EXPECT_EQ(pair_difference(a, b, static_cast<std::int64_t>(rank)), all[rank - 1]);
}

TEST(RankSumShift, GivesNoIntervalWhereTheSamplesAreTooFew) {
  const std::vector<double> three = {1, 2, 3};
  const std::vector<double> seven = {1, 2, 3, 4, 5, 6, 7};
  EXPECT_FALSE(rank_sum_shift(three, three).low);  // 2 of 20 orders are the least that can be
  EXPECT_EQ(rank_sum_shift(three, three).estimate, 0);
  EXPECT_TRUE(rank_sum_shift(three, seven).low);
  EXPECT_TRUE(std::isnan(rank_sum_shift(three, {}).estimate));
}

TEST(RankSumShift, TakesSamplesWhoseDifferencesAreTooManyToList) {
  std::vector<double> a, b;
  for (int i = 0; i < 50'000; ++i) a.push_back(std::sin(i * 0.7));
  for (const double x : a) b.push_back(x + 0.25);
  const ShiftEstimate shift = rank_sum_shift(a, b);
  EXPECT_NEAR(shift.estimate, 0.25, 1e-3);
  EXPECT_LT(*shift.low, 0.25);
  EXPECT_GT(*shift.high, 0.25);
}

}  // namespace
}  // namespace fidelio
