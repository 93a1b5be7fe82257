// The contract's scalar pieces against double precision and against the definition of the formats.
#include "kernels/contract.h"

#include <gtest/gtest.h>

#include <random>

namespace fidelio {
namespace {

double worst_relative_error_of_exp(float (*exp)(float)) {
  double worst = 0;
  for (double x = -87.0; x <= 88.5; x += 0.00037) {
    const auto xf = static_cast<float>(x);
    const double truth = std::exp(static_cast<double>(xf));
    worst = std::max(worst, std::abs(static_cast<double>(exp(xf)) - truth) / truth);
  }
  return worst;
}

TEST(Exp, IsWithinAnEpsilonOfTheTruth) {
  EXPECT_LT(worst_relative_error_of_exp(contract::exp), 1.2e-7);
}

TEST(Exp, TheErrorMeasureSeesAWorsePolynomial) {
  const auto sloppy = [](float x) { return contract::exp(x) * 1.000001F; };
  EXPECT_GT(worst_relative_error_of_exp(sloppy), 5e-7);
}

TEST(Exp, HasTheLimitsOfFloat32) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(contract::exp(89.0F), infinity);
  EXPECT_EQ(contract::exp(-infinity), 0.0F);
  EXPECT_EQ(contract::exp(-88.0F), 0.0F);
  EXPECT_EQ(contract::exp(0.0F), 1.0F);
  EXPECT_TRUE(std::isfinite(contract::exp(88.72F)));
  EXPECT_TRUE(std::isnan(contract::exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Silu, GoesToZeroAndToTheIdentity) {
  EXPECT_EQ(contract::silu(-200.0F), 0.0F);
  EXPECT_EQ(contract::silu(100.0F), 100.0F);
  EXPECT_NEAR(contract::silu(1.0F), 0.7310586F, 1e-7);
}

TEST(ReduceLanes, FollowsTheFixedTree) {
  // 2^24 swallows a 1 that is added to it alone, so another order would give another sum.
  float lanes[16] = {};
  lanes[0] = 0x1p24F;
  lanes[1] = 1.0F;
  lanes[3] = 1.0F;
  EXPECT_EQ(contract::reduce_lanes(lanes), 0x1p24F + 2.0F);
  std::swap(lanes[1], lanes[2]);
  EXPECT_EQ(contract::reduce_lanes(lanes), 0x1p24F) << "2^24 + 1, rounded to even, then + 1 again";
}

TEST(MaxNan, KeepsANaNWhereverItStands) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(contract::max_nan(nan, 1.0F)));
  EXPECT_TRUE(std::isnan(contract::max_nan(1.0F, nan)));
  EXPECT_EQ(contract::max_nan(1.0F, 2.0F), 2.0F);
}

TEST(WidenF16, GivesTheValueOfEveryPattern) {
  for (unsigned bits = 0; bits < 0x7C00U; ++bits) {
    const int exponent = static_cast<int>(bits >> 10);
    const double mantissa = bits & 0x3FFU;
    const double value =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    ASSERT_EQ(contract::widen_f16(static_cast<std::uint16_t>(bits)), value);
    ASSERT_EQ(contract::widen_f16(static_cast<std::uint16_t>(bits | 0x8000U)), -value);
  }
  EXPECT_TRUE(std::isinf(contract::widen_f16(0x7C00)));
  EXPECT_TRUE(std::isnan(contract::widen_f16(0x7C01)));
}

TEST(WeightValue, ReadsTheLowNibbleFirstAndRoundsOnce) {
  const std::byte codes[16] = {std::byte{0x21}};  // elements 1, 2, then zeros
  const float scale = 0.1F;
  const float bias = -0.25F;
  const WeightView w{.format = WeightFormat::affine4,
                     .group_size = 32,
                     .rows = 1,
                     .cols = 32,
                     .row_bytes = 16,
                     .row_stride = 16,
                     .scale_stride = 4,
                     .data = codes,
                     .scales = reinterpret_cast<const std::byte*>(&scale),
                     .biases = reinterpret_cast<const std::byte*>(&bias)};
  EXPECT_EQ(contract::weight_value(w, 0, 0), std::fma(0.1F, 1.0F, -0.25F));
  EXPECT_EQ(contract::weight_value(w, 0, 1), std::fma(0.1F, 2.0F, -0.25F));
  EXPECT_EQ(contract::weight_value(w, 0, 2), -0.25F);
}

TEST(AffineCode, CrossesBytesLeastSignificantBitFirst) {
  const std::byte three[3] = {std::byte{0x88}, std::byte{0xC6}, std::byte{0xFA}};  // 0, 1, ... 7
  const std::byte five[5] = {std::byte{0x41}, std::byte{0x0C}, std::byte{0x52}, std::byte{0xCC},
                             std::byte{0x41}};                                   // 1, 2, ... 8
  const std::byte six[3] = {std::byte{0xBF}, std::byte{0x1F}, std::byte{0x04}};  // 63, 62, 1, 1
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_EQ(contract::affine_code(three, 3, i), i);
    EXPECT_EQ(contract::affine_code(five, 5, i), i + 1);
  }
  EXPECT_EQ(contract::affine_code(six, 6, 0), 63U);
  EXPECT_EQ(contract::affine_code(six, 6, 1), 62U);
  EXPECT_EQ(contract::affine_code(six, 6, 2), 1U);
  EXPECT_EQ(contract::affine_code(six, 6, 3), 1U);
}

TEST(DotRow, PutsElementKInLaneKModulo16) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> w(100);
  std::vector<float> x(100);
  for (float& v : w) v = uniform(random);
  for (float& v : x) v = uniform(random);
  float lanes[16] = {};
  for (std::size_t k = 0; k < w.size(); ++k) lanes[k % 16] = std::fma(w[k], x[k], lanes[k % 16]);
  const WeightView view{.format = WeightFormat::f32,
                        .rows = 1,
                        .cols = w.size(),
                        .row_bytes = w.size() * 4,
                        .row_stride = w.size() * 4,
                        .data = reinterpret_cast<const std::byte*>(w.data())};
  EXPECT_EQ(contract::dot_row(view, 0, x.data()), contract::reduce_lanes(lanes));
}

}  // namespace
}  // namespace fidelio
