// Every affine format: each vector target against the scalar specification for every group size,
// and that no kernel reads a byte beyond the last row.
#include <algorithm>
#include <tuple>

#include "kernels/contract.h"
#include "tests/kernels/guarded_bytes.h"
#include "tests/kernels/linear_products.h"
#include "tests/support/random_weights.h"

namespace fidelio::testing {
namespace {

ScaleType scale_type_of(std::uint32_t group_size) {
  return group_size == 32 ? ScaleType::bf16 : group_size == 64 ? ScaleType::f16 : ScaleType::f32;
}

class AffineFormats : public ::testing::TestWithParam<std::tuple<WeightFormat, std::uint32_t>> {
 protected:
  RandomWeights weights(std::size_t rows, std::size_t n_groups) const {
    return random_weights(format, rows, n_groups * group_size, 11, group_size,
                          scale_type_of(group_size));
  }
  WeightFormat format = std::get<0>(GetParam());
  std::uint32_t group_size = std::get<1>(GetParam());
};

TEST_P(AffineFormats, EveryTargetGivesTheBitsOfTheReference) {
  for (const std::size_t n_groups : {1UL, 35UL}) {  // 35: more than one block of widened scales
    const RandomWeights w = weights(19, n_groups);
    const std::vector<float> x = random_floats(7 * w.view.cols, 12);
    for (const std::size_t n_tokens : {1UL, 7UL}) {
      expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
        return linear_products(table, w.view, x, n_tokens, threads);
      });
    }
  }
}

TEST_P(AffineFormats, TheRandomScalesHaveBothSigns) {
  const RandomWeights w = weights(19, 3);
  std::vector<float> scales;
  for (std::size_t i = 0; i < 19 * 3; ++i)
    scales.push_back(contract::scale_value(w.view.scales, w.view.scale_type, i));

  EXPECT_LT(*std::min_element(scales.begin(), scales.end()), 0.0F);
  EXPECT_GT(*std::max_element(scales.begin(), scales.end()), 0.0F);
}

TEST_P(AffineFormats, EveryBitOfACodeShows) {
  const RandomWeights w = weights(1, 1);
  for (const std::string& target : kernel_targets()) {
    for (std::size_t bit = 0; bit < 8 * w.data.size(); ++bit) {
      const std::size_t col = bit / affine_bits(format);
      std::vector<float> x(w.view.cols, 0.0F);
      x[col] = 1.0F;
      RandomWeights flipped = w;
      flipped.data[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      flipped.view.data = flipped.data.data();

      const std::vector<float> y = linear_products(kernels_for(target), flipped.view, x, 1, 1);

      ASSERT_EQ(y[0], contract::weight_value(flipped.view, 0, col)) << target << ", bit " << bit;
      ASSERT_NE(y[0], contract::weight_value(w.view, 0, col)) << target << ", bit " << bit;
    }
  }
}

TEST_P(AffineFormats, NothingBeyondTheLastRowIsRead) {
  const RandomWeights w = weights(5, 3);
  const GuardedBytes data(w.data);
  const GuardedBytes scales(w.scales);
  const GuardedBytes biases(w.biases);
  WeightView guarded = w.view;
  guarded.data = data.begin();
  guarded.scales = scales.begin();
  guarded.biases = biases.begin();
  const std::vector<float> x = random_floats(3 * w.view.cols, 12);
  for (const std::string& target : kernel_targets()) {
    for (const std::size_t n_tokens : {1UL, 3UL}) {
      EXPECT_THAT(linear_products(kernels_for(target), guarded, x, n_tokens, 1),
                  SameBitsAs(linear_products(ref_kernels(), w.view, x, n_tokens, 1)))
          << target;
    }
  }
}

TEST(GuardedBytesDeathTest, AReadBeyondTheEndIsACrash) {
  const GuardedBytes bytes(std::vector<std::byte>(10));
  EXPECT_DEATH(
      {
        volatile const std::byte* p = bytes.begin();
        static_cast<void>(p[10]);
      },
      "");
}

INSTANTIATE_TEST_SUITE_P(All, AffineFormats,
                         ::testing::Combine(::testing::ValuesIn(kAffineFormats),
                                            ::testing::Values(32U, 64U, 128U)),
                         [](const auto& param) {
                           return "bits" + std::to_string(affine_bits(std::get<0>(param.param))) +
                                  "_group" + std::to_string(std::get<1>(param.param));
                         });

}  // namespace
}  // namespace fidelio::testing
