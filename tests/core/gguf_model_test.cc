// A GGUF file as a checkpoint: tensors under the names that graphs ask for, and messages that name
// them as the file does. What such models compute is tests/validate/gguf_model_test.cc's.
#include "core/gguf/gguf_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint.h"
#include "core/families/family.h"
#include "core/gguf/gguf_architecture.h"
#include "core/model_weights.h"
#include "core/unused_tensors.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::kQ4K;
using testing::kQ8;
using testing::TempDir;
using testing::user_error_of;

constexpr std::uint64_t kWidth = 32;

/// A llama of one layer, all its matrices [32, 32] and zero, without the tensor `missing`.
GgufWriter llama(const std::string& missing = "") {
  GgufWriter writer;
  writer.add("general.architecture", "llama").add("llama.context_length", 64U);
  writer.add("llama.embedding_length", 32U).add("llama.block_count", 1U);
  writer.add("llama.feed_forward_length", 32U).add("llama.attention.head_count", 2U);
  writer.add("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  const auto add = [&](const std::string& name, const std::vector<std::uint64_t>& dimensions) {
    if (name == missing) return;
    writer.floats(name, dimensions, std::vector<float>(dimensions.size() == 1 ? 32 : 1024, 0.5F));
  };
  for (const char* name : {"token_embd", "blk.0.attn_q", "blk.0.attn_k", "blk.0.attn_v",
                           "blk.0.attn_output", "blk.0.ffn_gate", "blk.0.ffn_up", "blk.0.ffn_down"})
    add(std::string(name) + ".weight", {kWidth, kWidth});
  for (const char* name : {"output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"})
    add(std::string(name) + ".weight", {kWidth});
  return writer;
}

/// Opens the file and resolves every parameter of its graph.
void load(const std::filesystem::path& file) {
  const Checkpoint checkpoint = Checkpoint::open(file);
  const Graph graph = build_graph(checkpoint.config());
  refuse_unused_tensors(checkpoint, ModelWeights(checkpoint, graph));
}
std::string refusal_to_load(const GgufWriter& writer) {
  const TempDir dir;
  const auto file = writer.write(dir / "m.gguf");
  return user_error_of([&] { load(file); });
}

TEST(GgufCheckpoint, HasTheTensorsThatTheGraphAsksFor) {
  const TempDir dir;
  const auto file = llama().write(dir / "m.gguf");

  EXPECT_NO_THROW(load(file));
  const Checkpoint checkpoint = Checkpoint::open(file, LoadMode::read);
  EXPECT_TRUE(checkpoint.has("model.layers.0.self_attn.q_proj"));
  EXPECT_EQ(checkpoint.vector("model.norm", 32), std::vector<float>(32, 0.5F));
  EXPECT_TRUE(checkpoint.config().tie_word_embeddings);
  EXPECT_EQ(checkpoint.tensors().label("model.norm.weight"),
            "\"output_norm.weight\" (\"model.norm.weight\")");
}

TEST(GgufCheckpoint, NamesAMissingTensorAsTheFileWould) {
  EXPECT_THAT(
      refusal_to_load(llama("blk.0.attn_k.weight")),
      AllOf(HasSubstr("m.gguf"), HasSubstr("\"blk.0.attn_k.weight\" "
                                           "(\"model.layers.0.self_attn.k_proj.weight\")")));
  EXPECT_THAT(refusal_to_load(llama("token_embd.weight")),
              HasSubstr("\"token_embd.weight\": found no such tensor"));
}

TEST(GgufCheckpoint, NamesATensorOfAnotherShapeAsTheFileDoes) {
  GgufWriter writer = llama("blk.0.attn_k.weight");
  writer.floats("blk.0.attn_k.weight", {32, 16}, std::vector<float>(512));

  EXPECT_THAT(refusal_to_load(writer), AllOf(HasSubstr("tensor \"blk.0.attn_k.weight\""),
                                             HasSubstr("shape [16, 32], expected [32, 32]")));
}

TEST(GgufCheckpoint, RefusesTensorsThatTheGraphDoesNotUse) {
  EXPECT_THAT(refusal_to_load(llama().floats("blk.0.attn_sinks.weight", {2}, {1, 2})),
              HasSubstr("\"blk.0.attn_sinks.weight\" in m.gguf"));
  EXPECT_THAT(refusal_to_load(llama().floats("blk.1.attn_norm.weight", {1}, {1})),
              HasSubstr("\"blk.1.attn_norm.weight\" (\"model.layers.1.input_layernorm.weight\")"));
  EXPECT_THAT(refusal_to_load(llama().floats("model.norm.weight", {1}, {1})),
              HasSubstr("expected a tensor in one file only"))
      << "a name that another tensor comes to";
}

TEST(GgufCheckpoint, RefusesTypesThatNoKernelReads) {
  GgufWriter writer = llama();
  writer.tensor("output.weight", {256, 32}, kQ4K, std::string(32 * 144, 'x'));

  EXPECT_THAT(refusal_to_load(writer),
              AllOf(HasSubstr("tensor \"output.weight\": found type Q4_K, expected one of F32"),
                    HasSubstr("Q8_0")));
}

TEST(GgufCheckpoint, ReadsBlocks) {
  GgufWriter writer = llama("blk.0.ffn_up.weight");
  writer.tensor("blk.0.ffn_up.weight", {32, 32}, kQ8, std::string(32 * 34, '\1'));
  const TempDir dir;

  EXPECT_NO_THROW(load(writer.write(dir / "m.gguf")));
}

TEST(GgufCheckpoint, TakesTheFactorsOfTheFrequenciesIntoTheConfig) {
  GgufWriter writer = llama();
  writer.floats("rope_freqs.weight", {8}, {1, 1, 1, 1, 2, 4, 8, 8});
  const TempDir dir;
  const auto file = writer.write(dir / "m.gguf");

  EXPECT_NO_THROW(load(file));
  EXPECT_EQ(Checkpoint::open(file).config().rope_scaling.factors,
            (std::vector<float>{1, 1, 1, 1, 2, 4, 8, 8}));
  EXPECT_THAT(refusal_to_load(llama().floats("rope_freqs.weight", {2}, {1, 0})),
              HasSubstr("tensor \"rope_freqs.weight\": found 0, expected positive finite numbers"));
  EXPECT_THAT(refusal_to_load(llama().floats("rope_freqs.weight", {7}, std::vector<float>(7, 1))),
              HasSubstr("expected 8 positive numbers"));
}

TEST(GgufArchitectures, TranslateNamesBothWays) {
  struct Case {
    const char* architecture;
    bool experts;
    const char* stored;
    const char* checkpoint;
  };
  const Case cases[] = {
      {"llama", false, "blk.12.ffn_down.weight", "model.layers.12.mlp.down_proj.weight"},
      {"llama", true, "blk.0.ffn_gate_exps.weight",
       "model.layers.0.block_sparse_moe.switch_mlp.gate_proj.weight"},
      {"qwen2", false, "blk.3.attn_v.bias", "model.layers.3.self_attn.v_proj.bias"},
      {"qwen3moe", true, "blk.3.attn_q_norm.weight", "model.layers.3.self_attn.q_norm.weight"},
      {"lfm2moe", true, "token_embd_norm.weight", "model.embedding_norm.weight"},
      {"lfm2moe", true, "blk.2.exp_probs_b.bias", "model.layers.2.feed_forward.expert_bias"},
      {"lfm2", false, "blk.2.shortconv.conv.weight", "model.layers.2.conv.conv.weight"},
      {"gpt-oss", true, "blk.1.attn_sinks.weight", "model.layers.1.self_attn.sinks"},
      {"gpt-oss", true, "blk.1.ffn_up_exps.bias", "model.layers.1.mlp.experts.up_proj.bias"},
  };
  for (const Case& c : cases) {
    const GgufArchitecture& architecture = *find_gguf_architecture(c.architecture, c.experts);
    EXPECT_EQ(architecture.checkpoint_name(c.stored), c.checkpoint);
    EXPECT_EQ(architecture.stored_name(c.checkpoint), c.stored);
  }
}

TEST(GgufArchitectures, LeaveOtherNamesAlone) {
  const GgufArchitecture& llama = *find_gguf_architecture("llama", false);
  for (const char* name : {"blk.attn_q.weight", "blk.x.attn_q.weight", "blk.0.attn_q",
                           "attn_q.weight", "blk.0.attn_q.weights", "token_embd.bias2", ""}) {
    EXPECT_EQ(llama.checkpoint_name(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace fidelio
