// Views of small checkpoints made here, and every mismatch between file, config and caller.
#include "core/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kernels/contract.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/small_model.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SafetensorsWriter;
using testing::SmallModel;

const json k4Bits = {{"group_size", 32}, {"bits", 4}};
const json k8Bits = {{"group_size", 32}, {"bits", 8}};

/// w [2, 64] in 4 bits, groups of 32: code (column + row) mod 16, one scale and bias a group.
SafetensorsWriter affine4_tensors() {
  std::vector<std::uint32_t> codes(2 * 8);
  for (std::uint32_t i = 0; i < 2 * 64; ++i)
    codes[i / 8] |= ((i % 64 + i / 64) % 16) << (i % 8 * 4);
  SafetensorsWriter tensors;
  tensors.add("w.weight", "U32", {2, 8}, codes)
      .add("w.scales", "F32", {2, 2}, std::vector<float>{1, 2, -3, 4})
      .add("w.biases", "F32", {2, 2}, std::vector<float>{10, 20, 30, 40});
  return tensors;
}

TEST(Checkpoint, GivesAFloatMatrixInItsOwnFormat) {
  SafetensorsWriter tensors;
  tensors.add("a.weight", "F32", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6})
      .add("b.weight", "BF16", {1, 2}, std::vector<std::uint16_t>{0x3F80, 0xC000})
      .add("c.weight", "F16", {1, 2}, std::vector<std::uint16_t>{0x3C00, 0x0001});
  const Checkpoint checkpoint = SmallModel(tensors).open();

  const WeightView a = checkpoint.matrix("a", 2, 3);
  const WeightView b = checkpoint.matrix("b", 1, 2);
  const WeightView c = checkpoint.matrix("c", 1, 2);

  EXPECT_EQ(a.format, WeightFormat::f32);
  EXPECT_EQ(a.row_bytes, 12U);
  EXPECT_EQ(contract::weight_value(a, 1, 2), 6.0F);
  EXPECT_EQ(contract::weight_value(b, 0, 1), -2.0F);
  EXPECT_EQ(contract::weight_value(c, 0, 1), 0x1p-24F);
}

TEST(Checkpoint, GivesAQuantisedMatrixWithItsScales) {
  const Checkpoint checkpoint = SmallModel(affine4_tensors(), k4Bits).open();

  const WeightView w = checkpoint.matrix("w", 2, 64);

  EXPECT_EQ(w.format, WeightFormat::affine4);
  EXPECT_EQ(w.group_size, 32U);
  EXPECT_EQ(w.row_bytes, 32U);
  EXPECT_EQ(contract::weight_value(w, 0, 5), 5 * 1 + 10);
  EXPECT_EQ(contract::weight_value(w, 0, 33), 1 * 2 + 20);
  EXPECT_EQ(contract::weight_value(w, 1, 2), 3 * -3 + 30);
  EXPECT_EQ(contract::weight_value(w, 1, 63), 0 * 4 + 40);
}

TEST(Checkpoint, TakesTheSettingOfThePath) {
  SafetensorsWriter tensors;
  tensors.add_zeros("w.weight", "U32", {2, 16}, 4)
      .add_zeros("w.scales", "BF16", {2, 1}, 2)
      .add_zeros("w.biases", "BF16", {2, 1}, 2);
  json quantization = k4Bits;
  quantization["w"] = {{"group_size", 64}, {"bits", 8}};
  const Checkpoint checkpoint = SmallModel(tensors, quantization).open();

  const WeightView w = checkpoint.matrix("w", 2, 64);

  EXPECT_EQ(w.format, WeightFormat::affine8);
  EXPECT_EQ(w.group_size, 64U);
  EXPECT_EQ(w.scale_type, ScaleType::bf16);
}

TEST(Checkpoint, ReadsCodesThatCrossWords) {
  for (const unsigned bits : {2U, 3U, 5U, 6U}) {
    SafetensorsWriter tensors;  // every bit of the second row set
    std::vector<std::uint32_t> codes(bits, 0);
    codes.resize(2 * bits, ~0U);
    tensors.add("w.weight", "U32", {2, bits}, codes)
        .add("w.scales", "F32", {2, 1}, std::vector<float>{1, -2})
        .add("w.biases", "F32", {2, 1}, std::vector<float>{10, 20});
    const Checkpoint checkpoint = SmallModel(tensors, {{"group_size", 32}, {"bits", bits}}).open();

    const WeightView w = checkpoint.matrix("w", 2, 32);

    EXPECT_EQ(w.format, affine_format(bits));
    EXPECT_EQ(w.row_bytes, 4 * bits);
    EXPECT_EQ(contract::weight_value(w, 0, 31), 10.0F);
    EXPECT_EQ(contract::weight_value(w, 1, 31), -2.0F * static_cast<float>((1U << bits) - 1U) + 20);
  }
}

TEST(Checkpoint, SaysWhichTensorsExist) {
  const Checkpoint checkpoint = SmallModel(affine4_tensors(), k4Bits).open();

  EXPECT_TRUE(checkpoint.has("w"));
  EXPECT_TRUE(checkpoint.has("w.scales"));
  EXPECT_FALSE(checkpoint.has("v"));
  EXPECT_FALSE(checkpoint.has("w.bias"));
}

TEST(Checkpoint, WidensVectors) {
  SafetensorsWriter tensors;
  tensors.add("n.weight", "BF16", {2}, std::vector<std::uint16_t>{0x3F80, 0xC000});
  const SmallModel model(tensors);

  EXPECT_THAT(model.open().vector("n", 2), ElementsAre(1.0F, -2.0F));
  EXPECT_THAT(model.error_of([](const Checkpoint& c) { c.vector("n", 3); }),
              HasSubstr("tensor \"n.weight\": found shape [2], expected [3]"));
}

TEST(Checkpoint, ReadsATensorOfThePathItselfWhereNoWeightIs) {
  SafetensorsWriter tensors;
  tensors.add("q_proj.bias", "F32", {2}, std::vector<float>{1, 2})
      .add("n", "F32", {2}, std::vector<float>{3, 4})
      .add("n.weight", "F32", {2}, std::vector<float>{5, 6});
  const SmallModel model(tensors);

  EXPECT_THAT(model.open().vector("q_proj.bias", 2), ElementsAre(1.0F, 2.0F));
  EXPECT_THAT(model.open().vector("n", 2), ElementsAre(5.0F, 6.0F));
  EXPECT_THAT(model.error_of([](const Checkpoint& c) { c.vector("q_proj.bias", 3); }),
              HasSubstr("tensor \"q_proj.bias\": found shape [2], expected [3]"));
}

TEST(Checkpoint, NamesTheVeryShardOfATensor) {
  const testing::TempDir dir;
  const SmallModel source{SafetensorsWriter()};
  dir.write("config.json", source.open().config_text());
  SafetensorsWriter().add_zeros("a.weight", "F32", {2}, 4).write(dir / "model-a.safetensors");
  SafetensorsWriter().add_zeros("b.weight", "F32", {2}, 4).write(dir / "model-b.safetensors");
  const Checkpoint checkpoint = Checkpoint::open(dir.path());

  EXPECT_THAT(testing::user_error_of([&] { checkpoint.vector("b", 3); }),
              HasSubstr("model-b.safetensors: tensor \"b.weight\""));
  EXPECT_THAT(testing::user_error_of([&] { checkpoint.vector("c", 3); }),
              HasSubstr("model*.safetensors: tensor \"c.weight\""));
}

TEST(Checkpoint, RefusesAMissingTensorAndSuggestsANearOne) {
  SafetensorsWriter tensors;
  tensors.add_zeros("model.norm.weight", "F32", {4}, 4);

  EXPECT_THAT(
      SmallModel(tensors).error_of([](const Checkpoint& c) { c.vector("model.nrom", 4); }),
      HasSubstr("tensor \"model.nrom.weight\": found no such tensor, expected [4]; did you mean "
                "\"model.norm.weight\"?"));
}

TEST(Checkpoint, RefusesAnotherShape) {
  SafetensorsWriter tensors;
  tensors.add_zeros("w.weight", "F32", {2, 3}, 4);

  EXPECT_THAT(SmallModel(tensors).matrix_error(3, 2),
              HasSubstr("tensor \"w.weight\": found shape [2, 3], expected [3, 2]"));
}

TEST(Checkpoint, RefusesWeightsThatAreNoFloats) {
  SafetensorsWriter tensors;
  tensors.add_zeros("w.weight", "I32", {2, 3}, 4);

  EXPECT_THAT(SmallModel(tensors).matrix_error(2, 3),
              HasSubstr("tensor \"w.weight\": found dtype I32, expected F32, F16 or BF16"));
}

TEST(Checkpoint, RefusesScalesWithoutAQuantizationBlock) {
  EXPECT_THAT(
      SmallModel(affine4_tensors()).matrix_error(2, 64),
      HasSubstr("tensor \"w.scales\": found a quantised weight, expected a quantization block"));
}

TEST(Checkpoint, RefusesScalesWhereTheBlockSaysFloat) {
  json quantization = k4Bits;
  quantization["w"] = false;

  EXPECT_THAT(SmallModel(affine4_tensors(), quantization).matrix_error(2, 64),
              HasSubstr("tensor \"w.scales\": found a quantised weight, expected none"));
}

TEST(Checkpoint, RefusesCodesThatDoNotFitTheSetting) {
  EXPECT_THAT(SmallModel(affine4_tensors(), k8Bits).matrix_error(2, 64),
              HasSubstr("tensor \"w.weight\": found shape [2, 8], expected [2, 16]"));
}

TEST(Checkpoint, RefusesScalesThatDoNotFitTheSetting) {
  EXPECT_THAT(SmallModel(affine4_tensors(), {{"group_size", 64}, {"bits", 4}}).matrix_error(2, 64),
              HasSubstr("tensor \"w.scales\": found shape [2, 2], expected [2, 1]"));
}

TEST(Checkpoint, RefusesAGroupThatDoesNotDivideTheColumns) {
  EXPECT_THAT(
      SmallModel(affine4_tensors(), k4Bits).matrix_error(2, 48),
      HasSubstr("tensor \"w.weight\": found 48 columns in groups of 32, expected whole groups"));
}

TEST(Checkpoint, RefusesCodesOfAnotherDtype) {
  SafetensorsWriter tensors;
  tensors.add_zeros("w.weight", "I32", {2, 8}, 4)
      .add_zeros("w.scales", "F16", {2, 2}, 2)
      .add_zeros("w.biases", "F16", {2, 2}, 2);

  EXPECT_THAT(SmallModel(tensors, k4Bits).matrix_error(2, 64),
              HasSubstr("tensor \"w.weight\": found dtype I32, expected U32"));
}

TEST(Checkpoint, RefusesScalesAndBiasesThatDisagree) {
  SafetensorsWriter missing;
  missing.add_zeros("w.weight", "U32", {2, 8}, 4).add_zeros("w.scales", "F16", {2, 2}, 2);
  SafetensorsWriter mixed = missing;
  mixed.add_zeros("w.biases", "BF16", {2, 2}, 2);

  EXPECT_THAT(SmallModel(missing, k4Bits).matrix_error(2, 64),
              HasSubstr("tensor \"w.biases\": found no such tensor"));
  EXPECT_THAT(
      SmallModel(mixed, k4Bits).matrix_error(2, 64),
      HasSubstr("tensor \"w.biases\": found dtype BF16, expected F16, the dtype of the scales"));
}

TEST(Checkpoint, RefusesScalesThatAreNoFloats) {
  SafetensorsWriter tensors;
  tensors.add_zeros("w.weight", "U32", {2, 8}, 4)
      .add_zeros("w.scales", "U8", {2, 2}, 1)
      .add_zeros("w.biases", "U8", {2, 2}, 1);

  EXPECT_THAT(SmallModel(tensors, k4Bits).matrix_error(2, 64),
              HasSubstr("tensor \"w.scales\": found dtype U8, expected F32, F16 or BF16"));
}

}  // namespace
}  // namespace fidelio
