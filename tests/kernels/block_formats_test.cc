// MXFP4 and GGUF's blocks: each vector target against the scalar specification, that every bit of a
// row counts, and that no kernel reads a byte beyond the last row. What the formats' numbers are is
// block_vectors_test.cc's; affine codes are affine_formats_test.cc's.
#include <limits>

#include "kernels/contract.h"
#include "tests/kernels/guarded_bytes.h"
#include "tests/kernels/linear_products.h"
#include "tests/support/random_weights.h"

namespace fidelio::testing {
namespace {

struct Named {
  const char* name;
  WeightFormat format;
  std::size_t block;  ///< columns are a multiple of it
};
constexpr Named kFormats[] = {
    {"mxfp4", WeightFormat::mxfp4, 32}, {"q8_0", WeightFormat::q8_0, 32},
    {"q4_0", WeightFormat::q4_0, 32},   {"q4_1", WeightFormat::q4_1, 32},
    {"q6_k", WeightFormat::q6_k, 256},  {"mxfp4_blocks", WeightFormat::mxfp4_blocks, 32}};

class BlockFormats : public ::testing::TestWithParam<Named> {
 protected:
  WeightFormat format = GetParam().format;
  std::size_t block = GetParam().block;
};

TEST_P(BlockFormats, EveryTargetGivesTheBitsOfTheReference) {
  for (const std::size_t n_blocks : {1UL, 5UL, 35UL}) {  // 35: more than one block of scales
    const RandomWeights w = random_weights(format, 19, n_blocks * block, 11);
    const std::vector<float> x = random_floats(7 * w.view.cols, 12);
    for (const std::size_t n_tokens : {1UL, 7UL}) {
      expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
        return linear_products(table, w.view, x, n_tokens, threads);
      });
    }
  }
}

TEST_P(BlockFormats, EveryTargetWidensEveryElementExactly) {
  const RandomWeights w = random_weights(format, 1, 2 * block, 21);
  for (const std::string& target : kernel_targets()) {
    for (std::size_t col = 0; col < w.view.cols; ++col) {
      std::vector<float> x(w.view.cols, 0.0F);
      x[col] = 1.0F;
      ASSERT_EQ(linear_products(kernels_for(target), w.view, x, 1, 1)[0],
                contract::weight_value(w.view, 0, col))
          << target << ", column " << col;
    }
  }
}

std::vector<float> values_of(const WeightView& w) {
  std::vector<float> values;
  for (std::size_t col = 0; col < w.cols; ++col)
    values.push_back(contract::weight_value(w, 0, col));
  return values;
}

TEST_P(BlockFormats, EveryByteOfARowShows) {
  const RandomWeights w = random_weights(format, 1, block, 22);
  const std::vector<float> x = random_floats(w.view.cols, 23);
  for (std::size_t i = 0; i < w.data.size(); ++i) {
    RandomWeights flipped = w;
    flipped.data[i] ^= std::byte{0x11};
    flipped.view.data = flipped.data.data();

    ASSERT_NE(values_of(flipped.view), values_of(w.view)) << "byte " << i;
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      return linear_products(table, flipped.view, x, 1, threads);
    });
  }
}

TEST_P(BlockFormats, NothingBeyondTheLastRowIsRead) {
  const RandomWeights w = random_weights(format, 5, 3 * block, 24);
  const GuardedBytes data(w.data);
  const GuardedBytes scales(w.scales);
  WeightView guarded = w.view;
  guarded.data = data.begin();
  guarded.scales = scales.begin();
  const std::vector<float> x = random_floats(3 * w.view.cols, 12);
  for (const std::string& target : kernel_targets()) {
    for (const std::size_t n_tokens : {1UL, 3UL}) {
      EXPECT_THAT(linear_products(kernels_for(target), guarded, x, n_tokens, 1),
                  SameBitsAs(linear_products(ref_kernels(), w.view, x, n_tokens, 1)))
          << target;
    }
  }
}

TEST_P(BlockFormats, ScalesOfEveryBytePatternGiveTheBitsOfTheReference) {
  // As random_weights(), but with scales as they fall: subnormal, negative and huge ones.
  // Infinities and NaN are left out, for their payloads are nobody's promise.
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    RandomWeights w = random_weights(format, 4, block, seed);
    std::mt19937 random(seed);
    for (std::byte& s : w.scales) s = static_cast<std::byte>(random() % 251U);
    const std::size_t bytes = block_shape(format).bytes;
    for (std::size_t begin = 0; bytes != 0 && begin < w.data.size(); begin += bytes) {
      auto half = static_cast<std::uint16_t>(random());
      if ((half & 0x7C00U) == 0x7C00U) half = 0x8001;
      const std::size_t d = format == WeightFormat::q6_k ? begin + bytes - 2 : begin;
      std::memcpy(&w.data[d], &half, 2);
      if (format == WeightFormat::mxfp4_blocks) w.data[d] = static_cast<std::byte>(half % 251U);
    }
    const std::vector<float> x(w.view.cols, 0x1p-60F);
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      return linear_products(table, w.view, x, 1, threads);
    });
  }
}

TEST(Mxfp4Blocks, AScaleByteOf255IsTwoToThe127AsInGgml) {
  // gguf.dequantize (gguf-py) of these 17 bytes: 2^127, -2^127, zeros. The OCP format has a NaN
  // here.
  std::vector<std::byte> block(17);
  block[0] = std::byte{255};
  block[1] = std::byte{0x91};
  WeightView w;
  w.format = WeightFormat::mxfp4_blocks;
  w.rows = 1;
  w.cols = 32;
  set_adjacent_rows(w);
  w.data = block.data();
  for (const std::string& target : kernel_targets()) {
    std::vector<float> x(32, 0.0F);
    x[0] = 1.0F;
    EXPECT_EQ(linear_products(kernels_for(target), w, x, 1, 1)[0], 0x1p127F) << target;
    std::swap(x[0], x[16]);
    EXPECT_EQ(linear_products(kernels_for(target), w, x, 1, 1)[0], -0x1p127F) << target;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BlockFormats, ::testing::ValuesIn(kFormats),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace fidelio::testing
