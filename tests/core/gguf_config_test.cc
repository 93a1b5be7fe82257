// Metadata becomes the config.json that the same model has as a Hugging Face checkpoint, and what
// that would leave out is refused. The families' own meaning is tests/core/config_test.cc's.
#include "core/gguf/gguf_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/config.h"
#include "core/gguf/gguf_file.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::user_error_of;

GgufTensorFacts facts() {
  GgufTensorFacts facts;
  facts.vocab_size = 100;
  facts.has_head = true;
  return facts;
}

GgufConfig config_of(const GgufWriter& writer, const GgufTensorFacts& tensors = facts()) {
  const TempDir dir;
  const GgufFile file = GgufFile::open(writer.write(dir / "m.gguf"));
  return make_gguf_config(file.metadata(), read_gguf_architecture(file.metadata()), tensors);
}
json json_of(const GgufWriter& writer, const GgufTensorFacts& tensors = facts()) {
  return json::parse(config_of(writer, tensors).text);
}
ModelConfig parsed(const GgufWriter& writer, const GgufTensorFacts& tensors = facts()) {
  const GgufConfig config = config_of(writer, tensors);
  return parse_config(config.text, "m.gguf", config.sources);
}
std::string refusal_to_configure(const GgufWriter& writer,
                                 const GgufTensorFacts& tensors = facts()) {
  return user_error_of([&] { parsed(writer, tensors); });
}

/// What every architecture has, but the keys `without`.
GgufWriter base(const std::string& arch, const std::string& without = "") {
  GgufWriter writer;
  writer.add("general.architecture", arch.c_str());
  const auto add = [&](const std::string& key, auto value) {
    if (key != without) writer.add(arch + "." + key, value);
  };
  add("context_length", 512U);
  add("embedding_length", 64U);
  add("block_count", 2U);
  add("feed_forward_length", 96U);
  add("attention.head_count", 4U);
  if (!arch.starts_with("lfm2")) add("attention.head_count_kv", 2U);
  add("attention.layer_norm_rms_epsilon", 1e-6F);
  add("rope.freq_base", 5e5F);
  return writer;
}
GgufWriter with_experts(const std::string& arch) {
  GgufWriter writer = base(arch);
  writer.add(arch + ".expert_count", 8U).add(arch + ".expert_used_count", 2U);
  return writer;
}

TEST(GgufConfig, OfLlamaIsLlamasWithRotatedNeighbours) {
  const ModelConfig config = parsed(base("llama"));

  EXPECT_EQ(config.model_type, "llama");
  EXPECT_EQ(config.hidden_size, 64);
  EXPECT_EQ(config.intermediate_size, 96);
  EXPECT_EQ(config.num_hidden_layers, 2);
  EXPECT_EQ(config.num_attention_heads, 4);
  EXPECT_EQ(config.num_key_value_heads, 2);
  EXPECT_EQ(config.head_dim, 16);
  EXPECT_EQ(config.vocab_size, 100);
  EXPECT_EQ(config.max_position_embeddings, 512);
  EXPECT_EQ(config.rms_norm_eps, 1e-6F);
  EXPECT_EQ(config.rope_theta, 5e5F);
  EXPECT_TRUE(config.rope_traditional);
  EXPECT_FALSE(config.tie_word_embeddings);
  EXPECT_FALSE(config.attention_bias);
}

TEST(GgufConfig, OfLlamaWithExpertsIsMixtrals) {
  const ModelConfig config = parsed(with_experts("llama"));

  EXPECT_EQ(config.model_type, "mixtral");
  EXPECT_EQ(config.num_experts, 8);
  EXPECT_EQ(config.num_experts_per_tok, 2);
  EXPECT_EQ(config.moe_intermediate_size, 96);
  EXPECT_TRUE(config.rope_traditional);
}

TEST(GgufConfig, TellsRoutersApart) {
  GgufWriter qwen3_moe = with_experts("qwen3moe");
  qwen3_moe.add("qwen3moe.expert_feed_forward_length", 32U);
  const ModelConfig normalized = parsed(qwen3_moe);
  const ModelConfig plain = parsed(with_experts("olmoe"));

  EXPECT_EQ(normalized.model_type, "qwen3_moe");
  EXPECT_EQ(normalized.moe_intermediate_size, 32);
  EXPECT_TRUE(normalized.norm_topk_prob);
  EXPECT_FALSE(normalized.rope_traditional);
  EXPECT_EQ(plain.moe_intermediate_size, 96);
  EXPECT_FALSE(plain.norm_topk_prob);
  EXPECT_TRUE(parsed(with_experts("olmoe").add("olmoe.expert_weights_norm", true)).norm_topk_prob);
}

TEST(GgufConfig, TakesFromTheTensorsWhatNoKeySays) {
  GgufTensorFacts tensors = facts();
  tensors.has_head = false;
  tensors.attention_bias = true;
  tensors.mlp_bias = true;
  const ModelConfig config = parsed(base("llama"), tensors);

  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_TRUE(config.attention_bias);
  EXPECT_TRUE(config.mlp_bias);
  tensors.mlp_bias = false;
  EXPECT_NO_THROW(parsed(base("qwen2"), tensors)) << "whose q, k and v always have biases";
}

TEST(GgufConfig, ScalesRotationAsTheKeysSay) {
  const RopeScaling linear = parsed(base("llama")
                                        .add("llama.rope.scaling.type", "linear")
                                        .add("llama.rope.scaling.factor", 4.0F))
                                 .rope_scaling;
  const RopeScaling untyped =
      parsed(base("llama").add("llama.rope.scaling.factor", 4.0F)).rope_scaling;

  EXPECT_EQ(linear.type, RopeScaling::Type::linear);
  EXPECT_EQ(linear.factor, 4);
  EXPECT_EQ(untyped, linear);
  EXPECT_EQ(parsed(base("llama").add("llama.rope.scaling.type", "none")).rope_scaling.type,
            RopeScaling::Type::none);
  EXPECT_THAT(refusal_to_configure(base("llama").add("llama.rope.scaling.type", "longrope")),
              HasSubstr("llama.rope.scaling.type: found \"longrope\""));
}

TEST(GgufConfig, ScalesRotationAsTheFactorsSay) {
  GgufTensorFacts tensors = facts();
  tensors.rope_freq_factors = {1, 1, 1.5F, 2, 4, 8, 8, 8};
  const RopeScaling scaling = parsed(base("llama"), tensors).rope_scaling;

  EXPECT_EQ(scaling.type, RopeScaling::Type::factors);
  EXPECT_EQ(scaling.factors, tensors.rope_freq_factors);
  EXPECT_THAT(refusal_to_configure(base("llama").add("llama.rope.scaling.factor", 4.0F), tensors),
              HasSubstr("rope_freqs.weight"));
  tensors.rope_freq_factors.pop_back();
  EXPECT_THAT(refusal_to_configure(base("llama"), tensors),
              HasSubstr("expected 8 positive numbers"));
}

TEST(GgufConfig, ListsEveryIdThatEndsAText) {
  GgufWriter writer = base("llama");
  writer.add("tokenizer.ggml.eos_token_id", 2U).add("tokenizer.ggml.eot_token_id", 7U);
  writer.add("tokenizer.ggml.eom_token_id", 2U);

  EXPECT_THAT(parsed(writer).eos_token_ids, ElementsAre(2, 7));
  EXPECT_TRUE(parsed(base("llama")).eos_token_ids.empty());
}

TEST(GgufConfig, OfLfm2MoeIsThatOfItsPublishedConfig) {
  GgufWriter writer = with_experts("lfm2moe");
  writer.add("lfm2moe.attention.head_count_kv", std::vector<std::int32_t>{0, 2});
  writer.add("lfm2moe.shortconv.l_cache", 3U).add("lfm2moe.leading_dense_block_count", 1U);
  writer.add("lfm2moe.expert_feed_forward_length", 32U).add("lfm2moe.expert_gating_func", 2U);
  const json config = json_of(writer);

  EXPECT_EQ(config["model_type"], "lfm2_moe");
  EXPECT_EQ(config["layer_types"], (json{"conv", "full_attention"}));
  EXPECT_EQ(config["num_key_value_heads"], 2);
  EXPECT_EQ(config["conv_L_cache"], 3);
  EXPECT_EQ(config["num_dense_layers"], 1);
  EXPECT_EQ(config["moe_intermediate_size"], 32);
  EXPECT_EQ(config["norm_eps"].get<float>(), 1e-6F);
  EXPECT_EQ(config["norm_topk_prob"], true);
  EXPECT_EQ(config["use_expert_bias"], true);
  EXPECT_THAT(user_error_of(
                  [&] { json_of(with_experts("lfm2moe").add("lfm2moe.expert_gating_func", 1U)); }),
              HasSubstr("lfm2moe.expert_gating_func: found 1, expected 2"));
}

TEST(GgufConfig, OfGptOssIsThatOfItsPublishedConfig) {
  GgufWriter writer = with_experts("gpt-oss");
  writer.add("gpt-oss.expert_feed_forward_length", 96U).add("gpt-oss.attention.sliding_window", 8U);
  writer.add("gpt-oss.rope.scaling.type", "yarn").add("gpt-oss.rope.scaling.factor", 32.0F);
  writer.add("gpt-oss.rope.scaling.original_context_length", 4096U);
  const json config = json_of(writer);

  EXPECT_EQ(config["model_type"], "gpt_oss");
  EXPECT_EQ(config["layer_types"], (json{"sliding_attention", "full_attention"}));
  EXPECT_EQ(config["sliding_window"], 8);
  EXPECT_EQ(config["intermediate_size"], 96);
  EXPECT_EQ(config["num_local_experts"], 8);
  EXPECT_EQ(config["rope_scaling"], (json{{"rope_type", "yarn"},
                                          {"factor", 32.0},
                                          {"original_max_position_embeddings", 4096},
                                          {"beta_fast", 32.0},
                                          {"beta_slow", 1.0},
                                          {"truncate", false}}));
}

TEST(GgufConfig, RefusesArchitecturesThatItDoesNotKnow) {
  EXPECT_THAT(refusal_to_configure(base("mamba")),
              AllOf(HasSubstr("general.architecture: found \"mamba\""),
                    HasSubstr("gpt-oss, lfm2, lfm2moe, llama, olmoe, qwen2, qwen3, qwen3moe")));
  EXPECT_THAT(refusal_to_configure(GgufWriter().add("general.type", "adapter")),
              HasSubstr("general.type: found \"adapter\", expected \"model\""));
  EXPECT_THAT(refusal_to_configure(GgufWriter()), HasSubstr("general.architecture: found nothing"));
  EXPECT_THAT(refusal_to_configure(with_experts("qwen3")),
              HasSubstr("qwen3.expert_count: found 8"));
  EXPECT_THAT(refusal_to_configure(base("olmoe")), HasSubstr("olmoe.expert_count: found 0"));
}

TEST(GgufConfig, RefusesKeysThatTheGraphWouldLeaveOut) {
  for (const char* key : {"attention.sliding_window", "attn_logit_softcapping", "logit_scale",
                          "attention.scale", "rope.scaling.attn_factor", "expert_group_count"}) {
    EXPECT_THAT(refusal_to_configure(base("qwen3").add(std::string("qwen3.") + key, 2U)),
                HasSubstr(std::string("qwen3.") + key + ": found the key"));
  }
  EXPECT_NO_THROW(parsed(base("qwen3").add("other.logit_scale", 2U))) << "of no concern";
}

TEST(GgufConfig, RefusesHeadsThatAreNotRotatedWhole) {
  EXPECT_THAT(refusal_to_configure(base("llama").add("llama.rope.dimension_count", 8U)),
              HasSubstr("llama.rope.dimension_count: found 8, expected 16"));
  EXPECT_THAT(refusal_to_configure(base("llama").add("llama.attention.value_length", 8U)),
              HasSubstr("llama.attention.value_length: found 8, expected 16"));
  EXPECT_EQ(parsed(base("llama").add("llama.attention.key_length", 32U)).head_dim, 32);
}

TEST(GgufConfig, NamesTheFileAndTheKeyThatAValueCameFrom) {
  EXPECT_THAT(refusal_to_configure(base("llama", "embedding_length")),
              AllOf(HasSubstr("m.gguf: llama.embedding_length (hidden_size): found nothing"),
                    HasSubstr("expected an integer from 1")));
  EXPECT_THAT(refusal_to_configure(
                  base("llama", "attention.head_count").add("llama.attention.head_count", 3U)),
              HasSubstr("llama.attention.head_count"));
  EXPECT_THAT(
      refusal_to_configure(base("llama", "context_length").add("llama.context_length", "long")),
      HasSubstr("llama.context_length: found string, expected an integer"));
  EXPECT_THAT(refusal_to_configure(base("llama").add("llama.vocab_size", 99U)),
              HasSubstr("llama.vocab_size: found 99, expected 100"));
}

}  // namespace
}  // namespace fidelio
