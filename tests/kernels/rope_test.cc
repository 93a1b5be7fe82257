// Rotary embedding: cosines against the double library, the rotation against its definition.
#include "kernels/rope.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fidelio {
namespace {

TEST(CosSin, AgreesWithTheDoubleLibrary) {
  for (double x = -3.0; x < 300000.0; x += 0.7 + std::abs(x) * 0.01) {
    const auto angle = static_cast<float>(x);
    double c = 0;
    double s = 0;
    cos_sin(angle, &c, &s);
    ASSERT_NEAR(c, std::cos(static_cast<double>(angle)), 1e-15) << angle;
    ASSERT_NEAR(s, std::sin(static_cast<double>(angle)), 1e-15) << angle;
  }
}

TEST(RopeTable, RoundsTheAngleToFloat32First) {
  const float inv_freq[1] = {0.1F};
  const RopeTable table = make_rope_table(inv_freq, 1, 1001);
  const double rounded = static_cast<double>(1000.0F * 0.1F);
  const double unrounded = 1000.0 * static_cast<double>(0.1F);
  EXPECT_EQ(table.cos[1000], static_cast<float>(std::cos(rounded)));
  EXPECT_NE(std::cos(rounded), std::cos(unrounded));
}

TEST(Rope, RotatesHalfSplitPairs) {
  const float inv_freq[2] = {1.0F, 0.01F};
  const RopeTable table = make_rope_table(inv_freq, 2, 4);
  const float x[4] = {1.0F, 2.0F, 3.0F, 4.0F};
  const std::int32_t position = 3;
  float y[4];

  rope_ref({x, y, &table, &position, 1, 1}, Share{});

  EXPECT_NEAR(y[0], std::cos(3.0) - 3 * std::sin(3.0), 1e-6);
  EXPECT_NEAR(y[2], 3 * std::cos(3.0) + std::sin(3.0), 1e-6);
  EXPECT_NEAR(y[1], 2 * std::cos(0.03) - 4 * std::sin(0.03), 1e-6);
  EXPECT_NEAR(y[3], 4 * std::cos(0.03) + 2 * std::sin(0.03), 1e-6);
}

TEST(Rope, RotatesNeighboursWhenInterleaved) {
  const float inv_freq[2] = {1.0F, 0.01F};
  const RopeTable table = make_rope_table(inv_freq, 2, 4);
  const float halves[4] = {1.0F, 2.0F, 3.0F, 4.0F};
  const float neighbours[4] = {1.0F, 3.0F, 2.0F, 4.0F};
  const std::int32_t position = 3;
  float expected[4];
  float actual[4];

  rope_ref({halves, expected, &table, &position, 1, 1}, Share{});
  rope_ref({neighbours, actual, &table, &position, 1, 1, true}, Share{});

  EXPECT_EQ((std::vector<float>{actual[0], actual[2], actual[1], actual[3]}),
            (std::vector<float>{expected[0], expected[1], expected[2], expected[3]}));
}

TEST(Rope, LeavesPositionZeroAlone) {
  const float inv_freq[1] = {1.0F};
  const RopeTable table = make_rope_table(inv_freq, 1, 1);
  const float x[2] = {0.3F, -0.7F};
  const std::int32_t position = 0;
  float y[2];

  rope_ref({x, y, &table, &position, 1, 1}, Share{});

  EXPECT_EQ(y[0], 0.3F);
  EXPECT_EQ(y[1], -0.7F);
}

}  // namespace
}  // namespace fidelio
