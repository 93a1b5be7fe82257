// MXFP4 as MLX and as transformers' GPT-OSS store it: values, selected rows, and every mismatch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint.h"
#include "kernels/contract.h"
#include "tests/support/small_model.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SafetensorsWriter;
using testing::SmallModel;

using Names = std::vector<std::string>;
using Bytes = std::vector<std::uint8_t>;

const json kMlx = {{"group_size", 32}, {"bits", 4}, {"mode", "mxfp4"}};
const json kHf = {{"quant_method", "mxfp4"}, {"modules_to_not_convert", {"model.embed_tokens"}}};

/// Codes 0, 1, ... 15, 0, 1, ... of rows of 32, as bytes.
Bytes codes(std::size_t rows) {
  Bytes bytes;
  for (std::size_t i = 0; i < 16 * rows; ++i) {
    const std::size_t low = 2 * i % 16;
    bytes.push_back(static_cast<std::uint8_t>(low | (low + 1) << 4));
  }
  return bytes;
}

/// experts.up: 2 experts, `rows` rows of 32, row r of expert e scaled by 2^(e + r), but the last
/// row by `last_scale` where it is given.
SafetensorsWriter hf_tensors(std::int64_t rows, std::optional<std::uint8_t> last_scale = {}) {
  Bytes scales;
  for (std::int64_t i = 0; i < 2 * rows; ++i)
    scales.push_back(static_cast<std::uint8_t>(127 + i / rows + i % rows));
  if (last_scale) scales.back() = *last_scale;
  SafetensorsWriter tensors;
  tensors
      .add("experts.up_blocks", "U8", {2, rows, 1, 16}, codes(2 * static_cast<std::size_t>(rows)))
      .add("experts.up_scales", "U8", {2, rows, 1}, scales);
  return tensors;
}

TEST(CheckpointMxfp4, ReadsMlxStacksAndMatrices) {
  SafetensorsWriter tensors;
  tensors.add("up.weight", "U32", {2, 1, 4}, std::vector<std::uint32_t>(8, 0x76543210U))
      .add("up.scales", "U8", {2, 1, 1}, Bytes{127, 128})
      .add("w.weight", "U32", {1, 4}, std::vector<std::uint32_t>(4, 0xFEDCBA98U))
      .add("w.scales", "U8", {1, 1}, Bytes{0});
  const Checkpoint checkpoint = SmallModel(tensors, kMlx).open();
  TensorNames read;

  const auto experts = checkpoint.experts(Names{"up"}, 2, 1, 32, &read);
  const WeightView w = checkpoint.matrix(Names{"w"}, 1, 32, &read);

  EXPECT_EQ(experts[0].format, WeightFormat::mxfp4);
  EXPECT_EQ(contract::weight_value(experts[0], 0, 7), 6.0F);
  EXPECT_EQ(contract::weight_value(experts[1], 0, 1), 1.0F);
  EXPECT_EQ(contract::weight_value(w, 0, 15), -6.0F * 0x1p-127F);
  EXPECT_THAT(read, ElementsAre("up.scales", "up.weight", "w.scales", "w.weight"));
}

TEST(CheckpointMxfp4, ReadsAffineOverridesUnderAGlobalMxfp4) {
  SafetensorsWriter tensors;
  tensors.add_zeros("w.weight", "U32", {2, 16}, 4)
      .add_zeros("w.scales", "BF16", {2, 1}, 2)
      .add_zeros("w.biases", "BF16", {2, 1}, 2);
  json block = kMlx;
  block["w"] = {{"group_size", 64}, {"bits", 8}};

  const Checkpoint checkpoint = SmallModel(tensors, block).open();

  EXPECT_EQ(checkpoint.matrix("w", 2, 64).format, WeightFormat::affine8);
}

TEST(CheckpointMxfp4, ReadsBlocksAndScalesOfGptOss) {
  const Checkpoint checkpoint = SmallModel(hf_tensors(2), kHf).open();
  TensorNames read;

  const auto experts = checkpoint.experts(Names{"experts.up"}, 2, 2, 32, &read);

  EXPECT_EQ(experts[1].format, WeightFormat::mxfp4);
  EXPECT_EQ(contract::weight_value(experts[0], 0, 5), 3.0F);
  EXPECT_EQ(contract::weight_value(experts[0], 1, 21), 2 * 3.0F);
  EXPECT_EQ(contract::weight_value(experts[1], 1, 31), 4 * -6.0F);
  EXPECT_THAT(read, ElementsAre("experts.up_blocks", "experts.up_scales"));
}

TEST(CheckpointMxfp4, SelectsInterleavedRowsWithTheirScales) {
  const Checkpoint checkpoint = SmallModel(hf_tensors(4), kHf).open();

  const auto odd = checkpoint.experts(Names{"experts.up[1::2]"}, 2, 2, 32);

  EXPECT_EQ(odd[0].rows, 2U);
  EXPECT_EQ(contract::weight_value(odd[0], 0, 2), 2.0F);   // row 1
  EXPECT_EQ(contract::weight_value(odd[0], 1, 2), 8.0F);   // row 3
  EXPECT_EQ(contract::weight_value(odd[1], 1, 2), 16.0F);  // row 3 of expert 1
}

TEST(CheckpointMxfp4, RefusesAScaleThatIsNoNumber) {
  SafetensorsWriter mlx;
  mlx.add_zeros("w.weight", "U32", {1, 8}, 4).add("w.scales", "U8", {1, 2}, Bytes{254, 255});

  EXPECT_THAT(
      SmallModel(hf_tensors(2, 255), kHf).error_of([](const Checkpoint& c) {
        c.experts(Names{"experts.up"}, 2, 2, 32);
      }),
      HasSubstr("tensor \"experts.up_scales\": found scale 255 (no number) in matrix 1, row "
                "1, group 0, expected scales of at most 254"));
  EXPECT_THAT(SmallModel(mlx, kMlx).matrix_error(1, 64),
              HasSubstr("tensor \"w.scales\": found scale 255 (no number) in matrix 0, row 0, "
                        "group 1"));
}

TEST(CheckpointMxfp4, RefusesShapesAndDtypesThatDoNotFit) {
  SafetensorsWriter float_scales;
  float_scales.add_zeros("w.weight", "U32", {1, 4}, 4).add_zeros("w.scales", "BF16", {1, 1}, 2);
  SafetensorsWriter signed_codes;
  signed_codes.add_zeros("w.weight", "I32", {1, 4}, 4).add_zeros("w.scales", "U8", {1, 1}, 1);
  SafetensorsWriter no_scales;
  no_scales.add("w_blocks", "U8", {2, 1, 16}, codes(2));
  SafetensorsWriter other_blocks;
  other_blocks.add("w_blocks", "U8", {2, 2, 8}, codes(2)).add_zeros("w_scales", "U8", {2, 2}, 1);

  EXPECT_THAT(SmallModel(float_scales, kMlx).matrix_error(1, 32),
              HasSubstr("tensor \"w.scales\": found dtype BF16, expected U8 (scales of MXFP4)"));
  EXPECT_THAT(SmallModel(signed_codes, kMlx).matrix_error(1, 32),
              HasSubstr("tensor \"w.weight\": found dtype I32, expected U32"));
  EXPECT_THAT(SmallModel(float_scales, kMlx).matrix_error(1, 48),
              HasSubstr("found 48 columns in groups of 32, expected whole groups"));
  EXPECT_THAT(SmallModel(no_scales, kHf).matrix_error(2, 32),
              HasSubstr("tensor \"w_scales\": found no such tensor, expected [2, 1]"));
  EXPECT_THAT(SmallModel(other_blocks, kHf).matrix_error(2, 32),
              HasSubstr("tensor \"w_blocks\": found shape [2, 2, 8], expected [2, 1, 16]"));
}

TEST(CheckpointMxfp4, TakesATensorOfBlocksForATransposedSourceOnlyByTheNextName) {
  const Checkpoint checkpoint = SmallModel(hf_tensors(2), kHf).open();

  const auto experts = checkpoint.experts(Names{"experts.up.T", "experts.up"}, 2, 2, 32);

  EXPECT_EQ(experts[0].format, WeightFormat::mxfp4);
}

}  // namespace
}  // namespace fidelio
