// Tensors of a GGUF file in block formats: matrices, stacks of experts, and what does not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint.h"
#include "kernels/weight_value.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/random_weights.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::random_weights;
using testing::RandomWeights;
using testing::TempDir;
using testing::user_error_of;

struct Stored {
  WeightFormat format;
  std::uint32_t type;  ///< GGUF's number
};
constexpr Stored kStored[] = {{WeightFormat::q4_0, 2},
                              {WeightFormat::q4_1, 3},
                              {WeightFormat::q8_0, 8},
                              {WeightFormat::q6_k, 14},
                              {WeightFormat::mxfp4_blocks, 39}};

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A qwen3moe with an embedding; the tensors under test are added.
GgufWriter model() {
  GgufWriter writer;
  writer.add("general.architecture", "qwen3moe");
  for (const auto& [key, value] : {std::pair{"context_length", 512U},
                                   {"embedding_length", 64U},
                                   {"block_count", 1U},
                                   {"feed_forward_length", 96U},
                                   {"expert_feed_forward_length", 96U},
                                   {"attention.head_count", 4U},
                                   {"attention.head_count_kv", 2U},
                                   {"attention.key_length", 16U},
                                   {"attention.value_length", 16U},
                                   {"expert_count", 3U},
                                   {"expert_used_count", 2U}})
    writer.add(std::string("qwen3moe.") + key, value);
  writer.add("qwen3moe.attention.layer_norm_rms_epsilon", 1e-6F);
  writer.add("qwen3moe.rope.freq_base", 5e5F);
  writer.floats("token_embd.weight", {64, 2}, std::vector<float>(128));
  return writer;
}

TEST(CheckpointBlocks, AreMatricesOfTheirFormat) {
  for (const auto& [format, type] : kStored) {
    const RandomWeights w = random_weights(format, 3, 512, 9);
    const TempDir dir;
    const Checkpoint checkpoint = Checkpoint::open(
        model().tensor("output.weight", {512, 3}, type, text_of(w.data)).write(dir / "m.gguf"));
    TensorNames read;

    const std::vector<std::string> sources = {"lm_head"};
    const WeightView view = checkpoint.matrix(sources, 3, 512, &read);

    EXPECT_EQ(view.format, format);
    EXPECT_EQ(read, TensorNames{"lm_head.weight"});
    for (std::size_t i = 0; i < 3 * 512; ++i)
      ASSERT_EQ(contract::weight_value(view, i / 512, i % 512),
                contract::weight_value(w.view, i / 512, i % 512));
  }
}

TEST(CheckpointBlocks, AreStacksOfExperts) {
  const std::vector<std::string> sources = {"model.layers.0.mlp.experts.*.down_proj",
                                            "model.layers.0.mlp.switch_mlp.down_proj"};
  for (const auto& [format, type] : kStored) {
    const RandomWeights w = random_weights(format, 6, 256, 9);
    const TempDir dir;
    const Checkpoint checkpoint = Checkpoint::open(
        model()
            .tensor("blk.0.ffn_down_exps.weight", {256, 2, 3}, type, text_of(w.data))
            .write(dir / "m.gguf"));

    const std::vector<WeightView> experts = checkpoint.experts(sources, 3, 2, 256);

    ASSERT_EQ(experts.size(), 3U);
    for (std::size_t row = 0; row < 6; ++row) {
      for (std::size_t col = 0; col < 256; ++col)
        ASSERT_EQ(contract::weight_value(experts[row / 2], row % 2, col),
                  contract::weight_value(w.view, row, col));
    }
  }
}

TEST(CheckpointBlocks, OfAnotherShapeAreRefusedAndAreNoVectors) {
  const RandomWeights w = random_weights(WeightFormat::q8_0, 3, 64, 9);
  const TempDir dir;
  const Checkpoint checkpoint = Checkpoint::open(
      model().tensor("output.weight", {64, 3}, 8, text_of(w.data)).write(dir / "m.gguf"));

  EXPECT_THAT(user_error_of([&] { (void)checkpoint.matrix("lm_head", 3, 32); }),
              HasSubstr("found shape [3, 64], expected [3, 32]"));
  EXPECT_THAT(user_error_of([&] { checkpoint.taps(std::vector<std::string>{"lm_head"}, 3, 64); }),
              HasSubstr("found dtype Q8_0, expected F32, F16 or BF16"));
}

}  // namespace
}  // namespace fidelio
