// Experts as separate tensors and as stacks, and whole checkpoints: missing files, and those that
// others wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/checkpoint.h"
#include "kernels/contract.h"
#include "tests/support/external_data.h"
#include "tests/support/small_model.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::SafetensorsWriter;
using testing::SmallModel;
using testing::TempDir;
using testing::user_error_of;

const std::filesystem::path kTiny =
    std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/data/oracles/qwen3_moe";
const std::vector<std::string> kSources = {"experts.*.up", "stacked.up"};

TEST(CheckpointExperts, AreOneTensorEachOrViewsIntoOneStack) {
  SafetensorsWriter each;
  each.add("experts.0.up.weight", "F32", {1, 2}, std::vector<float>{1, 2})
      .add("experts.1.up.weight", "F32", {1, 2}, std::vector<float>{3, 4});
  SafetensorsWriter stack;
  stack.add("stacked.up.weight", "F32", {2, 1, 2}, std::vector<float>{1, 2, 3, 4});

  for (const SafetensorsWriter& tensors : {each, stack}) {
    const Checkpoint checkpoint = SmallModel(tensors).open();
    const std::vector<WeightView> experts = checkpoint.experts(kSources, 2, 1, 2);
    ASSERT_EQ(experts.size(), 2U);
    EXPECT_EQ(contract::weight_value(experts[0], 0, 1), 2.0F);
    EXPECT_EQ(contract::weight_value(experts[1], 0, 0), 3.0F);
  }
}

TEST(CheckpointExperts, OfAQuantisedStackHaveTheirOwnScales) {
  std::vector<std::uint32_t> codes(2 * 2 * 4, 0x11111111U);
  SafetensorsWriter tensors;
  tensors.add("stacked.up.weight", "U32", {2, 2, 4}, codes)
      .add("stacked.up.scales", "F32", {2, 2, 1}, std::vector<float>{1, 2, 3, 4})
      .add("stacked.up.biases", "F32", {2, 2, 1}, std::vector<float>{10, 20, 30, 40});
  const Checkpoint checkpoint = SmallModel(tensors, {{"group_size", 32}, {"bits", 4}}).open();

  const std::vector<WeightView> experts = checkpoint.experts(kSources, 2, 2, 32);

  EXPECT_EQ(contract::weight_value(experts[0], 1, 0), 22.0F);
  EXPECT_EQ(contract::weight_value(experts[1], 0, 31), 33.0F);
  EXPECT_EQ(contract::weight_value(experts[1], 1, 0), 44.0F);
  EXPECT_EQ(experts[1].data, experts[0].data + 2 * experts[0].row_bytes);
}

TEST(CheckpointExperts, MustAllBeThereAndNoMore) {
  SafetensorsWriter tensors;
  tensors.add_zeros("experts.0.up.weight", "F32", {1, 2}, 4)
      .add_zeros("experts.1.up.weight", "F32", {1, 2}, 4)
      .add_zeros("experts.3.up.weight", "F32", {1, 2}, 4);
  const auto error_with = [&](std::int64_t n_experts) {
    return SmallModel(tensors).error_of(
        [&](const Checkpoint& c) { c.experts(kSources, n_experts, 1, 2); });
  };

  EXPECT_THAT(error_with(3),
              HasSubstr("tensor \"experts.3.up.weight\": found an expert beyond the last"));
  EXPECT_THAT(error_with(4), HasSubstr("tensor \"experts.2.up.weight\": found no such tensor"));
}

TEST(CheckpointExperts, OfAStackMustBeAsManyAsTheConfigSays) {
  SafetensorsWriter tensors;
  tensors.add_zeros("stacked.up.weight", "F32", {4, 1, 2}, 4);

  EXPECT_THAT(
      SmallModel(tensors).error_of([](const Checkpoint& c) { c.experts(kSources, 3, 1, 2); }),
      HasSubstr("tensor \"stacked.up.weight\": found shape [4, 1, 2], expected [3, 1, 2]"));
}

TEST(CheckpointExperts, ThatAreNowhereAreRefusedWithEveryNameTried) {
  EXPECT_THAT(SmallModel(SafetensorsWriter()).error_of([](const Checkpoint& c) {
    c.experts(kSources, 2, 1, 2);
  }),
              AllOf(HasSubstr("experts.*.up.weight"), HasSubstr("stacked.up.weight"),
                    HasSubstr("2 matrices [1, 2]")));
}

TEST(CheckpointOpen, RefusesAnIndexThatNamesNoFile) {
  const TempDir dir;
  std::filesystem::copy_file(kTiny / "float32/config.json", dir / "config.json");
  dir.write("model.safetensors.index.json", "{}");

  EXPECT_THAT(
      user_error_of([&] { Checkpoint::open(dir.path()); }),
      AllOf(HasSubstr("model.safetensors.index.json"), HasSubstr("weight_map: found nothing")));
}

TEST(CheckpointOpen, NamesTheFileThatIsMissing) {
  const TempDir dir;

  EXPECT_THAT(user_error_of([&] { Checkpoint::open(dir.path()); }),
              HasSubstr((dir / "config.json").string()));
}

TEST(CheckpointOpen, ReadsCheckpointsThatTransformersAndMlxWrote) {
  const std::vector<std::string> sources = {"model.layers.0.mlp.experts.*.up_proj",
                                            "model.layers.0.mlp.switch_mlp.up_proj"};

  const Checkpoint floats = Checkpoint::open(kTiny / "float32");
  const Checkpoint mlx4 = Checkpoint::open(kTiny / "mlx4g64");

  EXPECT_EQ(mlx4.matrix("model.layers.0.mlp.gate", 6, 128).format, WeightFormat::affine8);
  const std::vector<WeightView> exact = floats.experts(sources, 6, 64, 128);
  const std::vector<WeightView> rounded = mlx4.experts(sources, 6, 64, 128);
  // mlx4g64 is the float model rounded to 4 bits: no code is further off than a step, and a wrong
  // expert would be.
  for (std::size_t e = 0; e < 6; ++e) {
    float max_abs = 0;
    float max_abs_err = 0;
    for (std::size_t i = 0; i < 64 * 128; ++i) {
      const float value = contract::weight_value(exact[e], i / 128, i % 128);
      max_abs = std::max(max_abs, std::abs(value));
      max_abs_err = std::max(
          max_abs_err, std::abs(value - contract::weight_value(rounded[e], i / 128, i % 128)));
    }
    EXPECT_LT(max_abs_err, max_abs / 8) << e;
  }
}

TEST(CheckpointOpen, ReadsEveryStories260KCheckpoint) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, "stories260K");

  const Checkpoint dense = Checkpoint::open(stories / "llama-dense");
  const Checkpoint same = Checkpoint::open(stories / "mixtral-same-experts");
  const Checkpoint split = Checkpoint::open(stories / "mixtral-split-ffn");

  const WeightView up = dense.matrix("model.layers.0.mlp.up_proj", 172, 64);
  const std::vector<std::string> sources = {"model.layers.0.block_sparse_moe.experts.*.w3"};
  const std::vector<WeightView> parts = split.experts(sources, 4, 43, 64);
  EXPECT_EQ(contract::weight_value(up, 43 * 2 + 5, 7), contract::weight_value(parts[2], 5, 7));
  EXPECT_EQ(contract::weight_value(up, 100, 7),
            contract::weight_value(same.experts(sources, 4, 172, 64)[3], 100, 7));
  EXPECT_EQ(dense.vector("model.norm", 64).size(), 64U);
}

}  // namespace
}  // namespace fidelio
