// llama.cpp's metrics against scipy's (tests/data/make_metrics_vectors.py), figures worked out by
// hand, and what must not pass: exchanged arms, NaN, infinities, no row at all.
#include "validate/logit_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace fidelio::testing {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

using Rows = std::vector<std::vector<float>>;

struct Case {
  std::string name;
  Rows baseline;
  Rows patched;
  std::vector<std::int32_t> correct;
  std::vector<double> expected;  ///< in the order of figures()
};

std::vector<double> figures(const MetricsRecord& m) {
  return {m.mean_kld,    m.kld_99_9,   m.maximum_kld, m.mean_delta_p,
          m.rms_delta_p, m.same_top_p, m.ppl_ratio};
}

std::vector<Case> read_cases() {
  std::ifstream in(std::string(FIDELIO_SOURCE_DIR) + "/tests/data/metrics.json");
  std::vector<Case> cases;
  for (const nlohmann::json& c : nlohmann::json::parse(in)) {
    Case read{c["name"], c["baseline"], c["patched"], c["correct"], {}};
    for (const char* figure : {"mean_kld", "kld_99_9", "maximum_kld", "mean_delta_p", "rms_delta_p",
                               "same_top_p", "ppl_ratio"}) {
      read.expected.push_back(c["metrics"][figure]);
    }
    cases.push_back(std::move(read));
  }
  return cases;
}

MetricsRecord metrics_of(const Rows& baseline, const Rows& patched,
                         const std::vector<std::int32_t>& correct) {
  LogitMetrics metrics;
  for (std::size_t i = 0; i < baseline.size(); ++i)
    metrics.add(baseline[i], patched[i], correct[i]);
  return metrics.result();
}

/// How many figures are further from those expected than double rounding explains.
int wrong_figures(const MetricsRecord& actual, const std::vector<double>& expected) {
  const std::vector<double> found = figures(actual);
  int wrong = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    wrong += !(std::abs(found[i] - expected[i]) <= 1e-14 + 1e-12 * std::abs(expected[i]));
  return wrong;
}

TEST(LogitMetrics, AreScipys) {
  const std::vector<Case> cases = read_cases();
  ASSERT_EQ(cases.size(), 5U);
  for (const Case& c : cases)
    EXPECT_EQ(wrong_figures(metrics_of(c.baseline, c.patched, c.correct), c.expected), 0) << c.name;
}

TEST(LogitMetrics, ExchangedArmsAreNoticed) {
  for (const Case& c : read_cases())
    EXPECT_GE(wrong_figures(metrics_of(c.patched, c.baseline, c.correct), c.expected), 4) << c.name;
}

TEST(LogitMetrics, OneOtherLogitIsNoticed) {
  for (Case c : read_cases()) {
    c.patched[0][0] += 0.01F * std::max(1.0F, std::abs(c.patched[0][0]));
    if (c.name == "far apart") continue;  // all but one of its tokens have probability zero
    EXPECT_GE(wrong_figures(metrics_of(c.baseline, c.patched, c.correct), c.expected), 1) << c.name;
  }
}

TEST(LogitMetrics, AreThoseOfAPencil) {
  // P = (1/2, 1/2), Q = (3/4, 1/4): KLD = ln(4/3) / 2; Q_0 - P_0 = 1/4; PPL ratio 2/3.
  const MetricsRecord m = metrics_of({{0, 0}}, {{std::log(3.0F), 0}}, {0});
  EXPECT_NEAR(m.mean_kld, std::log(4.0 / 3.0) / 2, 1e-7);  // ln 3 is rounded to float32
  EXPECT_NEAR(m.mean_delta_p, 0.25, 1e-7);
  EXPECT_NEAR(m.rms_delta_p, 0.25, 1e-7);
  EXPECT_NEAR(m.ppl_ratio, 2.0 / 3.0, 1e-7);
  EXPECT_EQ(m.same_top_p, 1);  // the first of equals is the baseline's best
}

TEST(LogitMetrics, TheQuantileLiesBetweenTheTwoLargest) {
  // 101 rows, the largest KLD in one: rank 99.9 is a tenth below the last.
  Rows baseline(101, {0, 0});
  Rows patched = baseline;
  patched[37] = {2, 0};
  const MetricsRecord m = metrics_of(baseline, patched, std::vector<std::int32_t>(101, 0));
  EXPECT_GT(m.maximum_kld, 0.3);
  EXPECT_NEAR(m.kld_99_9, 0.9 * m.maximum_kld, 1e-12);
  EXPECT_NEAR(m.mean_kld, m.maximum_kld / 101, 1e-15);
}

TEST(LogitMetrics, OfIdenticalRowsAreExact) {
  for (const Case& c : read_cases()) {
    const MetricsRecord m = metrics_of(c.baseline, c.baseline, c.correct);
    EXPECT_THAT(figures(m), ::testing::ElementsAre(0, 0, 0, 0, 0, 1, 1)) << c.name;
  }
}

TEST(LogitMetrics, OfIdenticalRowsAreExactBesideAMaskedToken) {
  for (Case c : read_cases()) {  // the infinity rules out the short way for equal finite rows
    for (std::vector<float>& row : c.baseline) row.push_back(-kInf);
    const MetricsRecord m = metrics_of(c.baseline, c.baseline, c.correct);
    EXPECT_THAT(figures(m), ::testing::ElementsAre(0, 0, 0, 0, 0, 1, 1)) << c.name;
  }
}

TEST(LogitMetrics, OneDifferenceAmongEqualRowsCounts) {
  const Case c = read_cases().front();
  Rows patched = c.baseline;
  patched[59] = c.patched[59];
  const double only = metrics_of({c.baseline[59]}, {c.patched[59]}, {c.correct[59]}).mean_kld;
  EXPECT_GT(only, 1e-4);
  EXPECT_NEAR(metrics_of(c.baseline, patched, c.correct).mean_kld, only / 60, 1e-15);
}

TEST(LogitMetrics, ALogitsLeastBitGivesAFiniteKldNotBelowZero) {
  for (const Case& c : read_cases()) {
    Rows patched = c.baseline;
    for (std::vector<float>& row : patched) row[1] = std::nextafter(row[1], kInf);
    const MetricsRecord m = metrics_of(c.baseline, patched, c.correct);
    EXPECT_GE(m.mean_kld, 0) << c.name;
    EXPECT_LT(m.maximum_kld, 1e-4) << c.name;
  }
}

TEST(LogitMetrics, DoNotDependOnTheOrderOfTokens) {
  Case c = read_cases().front();
  for (Rows* rows : {&c.baseline, &c.patched})
    for (std::vector<float>& row : *rows) std::reverse(row.begin(), row.end());
  for (std::int32_t& token : c.correct) token = 15 - token;
  EXPECT_EQ(wrong_figures(metrics_of(c.baseline, c.patched, c.correct), c.expected), 0);

  for (std::vector<float>& row : c.patched) std::reverse(row.begin(), row.end());  // one arm alone
  EXPECT_EQ(wrong_figures(metrics_of(c.baseline, c.patched, c.correct), c.expected), 7);
}

TEST(LogitMetrics, AShiftOfARowChangesNothing) {
  const Rows shifted = {{1e6F, 1e6F + 1, 1e6F - 2}};
  const MetricsRecord m = metrics_of({{0, 1, -2}}, shifted, {1});
  EXPECT_EQ(m.mean_kld, 0);
  EXPECT_EQ(m.mean_delta_p, 0);
  EXPECT_EQ(m.ppl_ratio, 1);
}

TEST(LogitMetrics, TheLargestFloatsDoNotOverflow) {
  constexpr float kMax = std::numeric_limits<float>::max();
  const MetricsRecord m = metrics_of({{kMax, -kMax}}, {{kMax, kMax}}, {0});
  EXPECT_NEAR(m.mean_kld, std::log(2.0), 1e-15);
  EXPECT_NEAR(m.ppl_ratio, 2, 1e-15);
}

TEST(LogitMetrics, OneNaNAmongManyRowsIsSeenInEitherArm) {
  for (const bool in_baseline : {true, false}) {
    Rows rows(50, {1, 2, 3});
    Rows spoilt = rows;
    spoilt[20][0] = kNaN;
    const std::vector<std::int32_t> correct(50, 2);
    const MetricsRecord m =
        in_baseline ? metrics_of(spoilt, rows, correct) : metrics_of(rows, spoilt, correct);
    for (const double figure :
         {m.mean_kld, m.kld_99_9, m.maximum_kld, m.mean_delta_p, m.rms_delta_p, m.ppl_ratio})
      EXPECT_TRUE(std::isnan(figure)) << figure;
    EXPECT_EQ(m.same_top_p, 49.0 / 50);  // that row agrees in nothing
  }
}

TEST(LogitMetrics, EqualRowsOfNaNOrInfinityDoNotPass) {
  for (const float z : {kNaN, kInf}) {
    const MetricsRecord m = metrics_of({{1, z}}, {{1, z}}, {0});
    EXPECT_TRUE(std::isnan(m.maximum_kld)) << z;
    EXPECT_EQ(m.same_top_p, 0) << z;
  }
}

TEST(LogitMetrics, InfinitiesStayVisible) {
  const MetricsRecord plus = metrics_of({{1, 2}}, {{kInf, 2}}, {1});
  EXPECT_TRUE(std::isnan(plus.mean_kld));
  EXPECT_EQ(plus.same_top_p, 0);

  const MetricsRecord minus = metrics_of({{1, 2}}, {{-kInf, 2}}, {1});  // Q is 0 where P is not
  EXPECT_EQ(minus.mean_kld, kInf);
  EXPECT_EQ(minus.kld_99_9, kInf);
  EXPECT_EQ(minus.maximum_kld, kInf);

  const MetricsRecord masked = metrics_of({{-kInf, 1, 2}}, {{-kInf, 1, 2}}, {2});  // P is 0 there
  EXPECT_EQ(masked.mean_kld, 0);
}

TEST(LogitMetrics, OneInfiniteRowOfAThousandAndOneLiesBeyondTheQuantile) {
  Rows patched(1001, {1, 2});
  patched[5][0] = -kInf;
  const MetricsRecord m =
      metrics_of(Rows(1001, {1, 2}), patched, std::vector<std::int32_t>(1001, 1));
  EXPECT_EQ(m.kld_99_9, 0);  // rank 999 of 0 to 1000: nothing of the last
  EXPECT_EQ(m.maximum_kld, kInf);
}

TEST(LogitMetrics, OfNoRowAreNaN) {
  for (const double figure : figures(LogitMetrics().result())) EXPECT_TRUE(std::isnan(figure));
}

}  // namespace
}  // namespace fidelio::testing
