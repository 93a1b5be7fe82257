// Declared rounding points: ties, the corners, and their names.
#include "kernels/rounding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace fidelio {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

constexpr Rounding kBoth[] = {Rounding::int8_per_32, Rounding::int16_per_32};

std::vector<float> rounded(Rounding rounding, std::vector<float> x) {
  round_rows(rounding, x.data(), 1, x.size());
  return x;
}

TEST(Rounding, TextsSayTheArithmetic) {
  EXPECT_EQ(rounding_text(Rounding::int8_per_32), "int8 per 32, scale amax/127, round to even");
  EXPECT_EQ(rounding_text(Rounding::int16_per_32), "int16 per 32, scale amax/32767, round to even");
}

TEST(Rounding, TiesGoToEven) {
  EXPECT_THAT(rounded(Rounding::int8_per_32, {127.0F, 2.5F, -3.5F, 0.5F, -0.25F}),
              ElementsAre(127.0F, 2.0F, -4.0F, 0.0F, 0.0F));
  EXPECT_THAT(rounded(Rounding::int16_per_32, {-32767.0F, 2.5F, 3.5F, 0.75F}),
              ElementsAre(-32767.0F, 2.0F, 4.0F, 1.0F));
}

TEST(Rounding, EveryBlockHasAScaleOfItsOwnAndTheLastMayBeShort) {
  std::vector<float> x(40, 1.0F);
  x[0] = 1270.0F;   // scale 10: the ones of the first block vanish
  x[39] = -127.0F;  // scale 1, eight elements

  const std::vector<float> y = rounded(Rounding::int8_per_32, x);

  EXPECT_EQ(y[0], 1270.0F);
  EXPECT_EQ(y[31], 0.0F);
  EXPECT_EQ(y[32], 1.0F);
  EXPECT_EQ(y[39], -127.0F);
}

TEST(Rounding, RowsAreRoundedApart) {
  std::vector<float> x = {127.0F, 0.25F, 0.127F, 0.0125F};

  round_rows(Rounding::int8_per_32, x.data(), 2, 2);

  EXPECT_EQ(x[1], 0.0F);
  EXPECT_NEAR(x[3], 0.0125F, 0.0006F);
  EXPECT_NE(x[3], 0.0F);
}

TEST(Rounding, BlocksOfAlmostNothingArePositiveZero) {
  for (const Rounding rounding : kBoth) {
    for (const float v : rounded(rounding, {-0.0F, 1e-40F, -1e-37F})) {
      EXPECT_EQ(v, 0.0F);
      EXPECT_FALSE(std::signbit(v));
    }
    EXPECT_NE(rounded(rounding, {1e-30F})[0], 0.0F);
  }
}

TEST(Rounding, NaNAndInfinityMakeTheirBlockNaN) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const Rounding rounding : kBoth) {
    for (const float bad : {kInf, -kInf, std::numeric_limits<float>::quiet_NaN()}) {
      std::vector<float> x(64, 1.0F);
      x[17] = bad;

      const std::vector<float> y = rounded(rounding, x);

      EXPECT_THAT(std::vector<float>(y.begin(), y.begin() + 32), Each(::testing::IsNan()));
      EXPECT_THAT(std::vector<float>(y.begin() + 32, y.end()), Each(1.0F));
    }
  }
}

TEST(Rounding, ErrorsAreAtMostHalfAStep) {
  std::vector<float> x;
  for (int i = 0; i < 320; ++i) x.push_back(std::sin(static_cast<float>(i * i)));
  for (const Rounding rounding : kBoth) {
    const float half_step = rounding == Rounding::int8_per_32 ? 0.501F / 127 : 0.501F / 32767;
    const std::vector<float> y = rounded(rounding, x);
    float largest = 0.0F;
    for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(y[i] - x[i]));

    EXPECT_LE(largest, half_step);
    EXPECT_GT(largest, half_step / 2);
  }
}

}  // namespace
}  // namespace fidelio
