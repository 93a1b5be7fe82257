// Axes: where ticks stand, and that figures which no scale can show break none.
#include "capsules/svg_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fidelio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> out;
  for (const Tick& tick : axis.ticks) out.push_back(tick.label);
  return out;
}

TEST(LinearAxis, HasRoundTicksAroundItsValues) {
  const Axis axis = linear_axis({0.98, 1.02, 1.08}, "");
  EXPECT_THAT(labels(axis), ElementsAre("0.98", "1.00", "1.02", "1.04", "1.06", "1.08"));
  EXPECT_LT(axis.low, 0.98);
  EXPECT_GT(axis.high, 1.08);
  EXPECT_THAT(labels(linear_axis({0, 100}, "")), ElementsAre("0", "20", "40", "60", "80", "100"));
}

TEST(LinearAxis, PutsValuesWhereTheyBelong) {
  Axis axis = linear_axis({0, 10}, "");
  EXPECT_DOUBLE_EQ(axis.share(5), 0.5);
  EXPECT_EQ(axis.share(-kInfinity), 0);
  EXPECT_EQ(axis.share(kInfinity), 1);
  EXPECT_EQ(axis.share(std::nan("")), 1);
}

TEST(LinearAxis, IsFiniteWhateverItIsGiven) {
  for (const std::vector<double>& values : {std::vector<double>{},
                                            {0},
                                            {5, 5},
                                            {std::nan("")},
                                            {kInfinity, -kInfinity, 3},
                                            {-1e308, 1e308},
                                            {1e289, -1e289},
                                            {5e-324},
                                            {9e18, 9e18}}) {
    const Axis axis = linear_axis(values, "");
    EXPECT_LT(axis.low, axis.high);
    EXPECT_TRUE(std::isfinite(axis.high - axis.low));
    EXPECT_LE(axis.ticks.size(), 12U);
    for (const double v : values) EXPECT_TRUE(std::isfinite(axis.share(v))) << v;
  }
}

TEST(LogarithmicAxis, SpansWholePowersOfTen) {
  const Axis axis = logarithmic_axis({3e-8, 2e-6}, "");
  EXPECT_THAT(labels(axis), ElementsAre("1e-8", "1e-7", "1e-6", "1e-5"));
  EXPECT_NEAR(axis.share(1e-7), 1.0 / 3, 1e-12);
  EXPECT_EQ(axis.share(0), 0);
  EXPECT_EQ(axis.share(std::nan("")), 1);
}

TEST(LogarithmicAxis, IsFiniteWhateverItIsGiven) {
  for (const std::vector<double>& values :
       {std::vector<double>{}, {0}, {1}, {std::nan(""), kInfinity}, {1e-289, 1e289}, {5e-324}}) {
    const Axis axis = logarithmic_axis(values, "");
    EXPECT_GT(axis.low, 0);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_LE(axis.ticks.size(), 8U);
    EXPECT_TRUE(std::isfinite(axis.share(1)));
  }
}

TEST(CountingAxis, CountsAndLeavesOutWhatIsTooMany) {
  EXPECT_THAT(labels(counting_axis(3, "")), ElementsAre("1", "2", "3"));
  EXPECT_THAT(labels(counting_axis(15, "")), ElementsAre("2", "4", "6", "8", "10", "12", "14"));
  EXPECT_THAT(counting_axis(200, "").ticks, SizeIs(4));
  EXPECT_THAT(labels(counting_axis(0, "")), ElementsAre("1"));
  EXPECT_THAT(labels(whole_axis(0, 3, "")), ElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(labels(whole_axis(-1, 47, "")), ElementsAre("0", "10", "20", "30", "40"));
  EXPECT_LE(whole_axis(std::numeric_limits<std::int64_t>::min(),
                       std::numeric_limits<std::int64_t>::max(), "")
                .ticks.size(),
            12U);
  const std::int64_t far = std::numeric_limits<std::int64_t>::max();
  EXPECT_LT(whole_axis(far, far, "").low, whole_axis(far, far, "").high);
}

TEST(LanesAxis, GoesFromTheTopDown) {
  const Axis axis = lanes_axis({"a", "b"});
  EXPECT_THAT(labels(axis), ElementsAre("a", "b"));
  EXPECT_DOUBLE_EQ(axis.share(axis.ticks[0].value), 0.75);
  EXPECT_DOUBLE_EQ(axis.share(axis.ticks[1].value), 0.25);
}

}  // namespace
}  // namespace fidelio::testing
