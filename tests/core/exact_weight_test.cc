// Truth's reading of weights: float64 without the contract's rounding, for every format, and rows
// that lie apart.
#include <gtest/gtest.h>

#include <cmath>

#include "core/truth/truth_ops.h"
#include "kernels/weight_value.h"
#include "tests/support/random_weights.h"

namespace fidelio {
namespace {

class ExactWeight : public ::testing::TestWithParam<WeightFormat> {
 protected:
  testing::RandomWeights w = testing::random_weights(GetParam(), 6, 256, 5, 64, ScaleType::f32);
};

TEST_P(ExactWeight, RoundsToTheContractsValue) {
  std::size_t rounded = 0;
  for (std::size_t i = 0; i < 6 * 256; ++i) {
    const double exact = exact_weight(w.view, i / 256, i % 256);
    const float value = contract::weight_value(w.view, i / 256, i % 256);
    ASSERT_EQ(static_cast<float>(exact), value) << i;
    rounded += exact != static_cast<double>(value) ? 1 : 0;
  }
  if (is_exact(GetParam())) {
    EXPECT_EQ(rounded, 0U);
  } else if (GetParam() != WeightFormat::q4_1) {  // whose d and m are too near to each other here
    EXPECT_GT(rounded, 10U);
  }
}

TEST_P(ExactWeight, IsWhatARowIsDecodedTo) {
  const WeightView apart = strided_rows(w.view, 1, 2, 3);
  std::vector<double> exact;
  std::vector<float> values;
  for (std::size_t row = 0; row < 3; ++row) {
    decode_row(apart, row, exact);
    decode_row(apart, row, values);
    ASSERT_EQ(exact.size(), 256U);
    for (std::size_t col = 0; col < 256; ++col) {
      ASSERT_EQ(exact[col], exact_weight(w.view, 1 + 2 * row, col));
      ASSERT_EQ(values[col], contract::weight_value(w.view, 1 + 2 * row, col));
    }
  }
}

TEST(ExactWeightOfMxfp4, IsFiniteWhereFloat32Overflows) {
  const std::byte code{0x77};
  const std::byte scale{254};
  std::byte codes[16];
  for (std::byte& c : codes) c = code;
  const WeightView w{.format = WeightFormat::mxfp4,
                     .scale_type = ScaleType::e8m0,
                     .group_size = 32,
                     .rows = 1,
                     .cols = 32,
                     .row_bytes = 16,
                     .row_stride = 16,
                     .scale_stride = 1,
                     .data = codes,
                     .scales = &scale};

  EXPECT_EQ(exact_weight(w, 0, 0), std::ldexp(6.0, 127));
  EXPECT_TRUE(std::isinf(contract::weight_value(w, 0, 0)));
}

INSTANTIATE_TEST_SUITE_P(All, ExactWeight, ::testing::ValuesIn(kWeightFormats));

}  // namespace
}  // namespace fidelio
