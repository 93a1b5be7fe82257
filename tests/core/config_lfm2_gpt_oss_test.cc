// What the config.json of LFM2, LFM2-MoE and GPT-OSS says that others do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/config_samples.h"
#include "tests/support/external_data.h"

namespace fidelio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr LayerType kConv = LayerType::conv;
constexpr LayerType kFull = LayerType::full_attention;
constexpr LayerType kSliding = LayerType::sliding_attention;

const json kLfm2 =
    json::parse(R"({"model_type": "lfm2", "hidden_size": 64, "intermediate_size": 384,
  "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 128,
  "max_position_embeddings": 512, "norm_eps": 1e-5, "conv_L_cache": 3,
  "layer_types": ["conv", "full_attention", "conv"]})");

json lfm2_moe() {
  json config = kLfm2;
  config.update({{"model_type", "lfm2_moe"},
                 {"num_dense_layers", 1},
                 {"num_experts", 8},
                 {"num_experts_per_tok", 2},
                 {"moe_intermediate_size", 32},
                 {"norm_topk_prob", true},
                 {"routed_scaling_factor", 2.5}});
  return config;
}

const json kGptOss =
    json::parse(R"({"model_type": "gpt_oss", "hidden_size": 64, "intermediate_size": 32,
  "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
  "vocab_size": 128, "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "num_local_experts": 8,
  "num_experts_per_tok": 2, "sliding_window": 32})");

TEST(ConfigLfm2, ReadsItsOwnKeys) {
  const ModelConfig config = parse(kLfm2);

  EXPECT_EQ(config.rms_norm_eps, 1e-5F);
  EXPECT_EQ(config.conv_L_cache, 3);
  EXPECT_EQ(config.rope_theta, 1e6F);
  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_THAT(config.layer_types, ElementsAre(kConv, kFull, kConv));
  EXPECT_EQ(config.window_of(0), 0);
}

TEST(ConfigLfm2, TakesTheLayersOfOlderConfigs) {
  json older = without(kLfm2, "layer_types");
  EXPECT_THAT(error_for(older), HasSubstr("layer_types: found nothing"));
  older["full_attn_idxs"] = {2};

  EXPECT_THAT(parse(older).layer_types, ElementsAre(kConv, kConv, kFull));
  EXPECT_THAT(error_for(with(older, "full_attn_idxs", {3})), HasSubstr("full_attn_idxs: found 3"));
}

TEST(ConfigLfm2, AdjustsTheWidthOfItsFfn) {
  EXPECT_EQ(parse(kLfm2).intermediate_size, 256);  // 2/3 of 384, a multiple of 256
  EXPECT_EQ(parse(with(kLfm2, "block_multiple_of", 100)).intermediate_size, 300);
  EXPECT_EQ(parse(with(kLfm2, "block_ffn_dim_multiplier", 1.5)).intermediate_size, 512);
  EXPECT_EQ(parse(with(kLfm2, "block_auto_adjust_ff_dim", false)).intermediate_size, 384);
  EXPECT_EQ(parse(with(kLfm2, "block_ff_dim", 1200)).intermediate_size, 1024);
  EXPECT_EQ(parse(lfm2_moe()).intermediate_size, 384);
}

TEST(ConfigLfm2, ReadsTheMixturesKeys) {
  const ModelConfig config = parse(lfm2_moe());

  EXPECT_EQ(config.num_dense_layers, 1);
  EXPECT_TRUE(config.use_expert_bias);
  EXPECT_EQ(config.routed_scaling_factor, 2.5F);
  EXPECT_FALSE(parse(with(lfm2_moe(), "use_expert_bias", false)).use_expert_bias);
  EXPECT_THAT(error_for(without(lfm2_moe(), "num_dense_layers")),
              HasSubstr("num_dense_layers: found nothing"));
  EXPECT_THAT(error_for(with(lfm2_moe(), "num_dense_layers", 4)),
              HasSubstr("num_dense_layers: found 4"));
}

TEST(ConfigLfm2, RefusesWhatOthersHave) {
  EXPECT_THAT(error_for(without(kLfm2, "norm_eps")), HasSubstr("norm_eps: found nothing"));
  EXPECT_THAT(error_for(without(kLfm2, "conv_L_cache")), HasSubstr("conv_L_cache: found nothing"));
  EXPECT_THAT(error_for(with(kLfm2, "layer_types", {"conv", "sliding_attention", "conv"})),
              HasSubstr("expected \"full_attention\" or \"conv\""));
  EXPECT_THAT(error_for(with(kLlama, "layer_types", {"conv", "conv", "conv", "conv", "conv"})),
              HasSubstr("layer_types: found \"conv\""));
}

TEST(ConfigGptOss, TakesTheReferencesDefaults) {
  const ModelConfig config = parse(kGptOss);

  EXPECT_THAT(config.layer_types, ElementsAre(kSliding, kFull, kSliding, kFull));
  EXPECT_EQ(config.sliding_window, 32);
  EXPECT_TRUE(config.attention_bias);
  EXPECT_EQ(config.moe_intermediate_size, 32);
  EXPECT_EQ(config.swiglu_limit, 7.0F);
  EXPECT_EQ(config.swiglu_alpha, 1.702F);
  EXPECT_EQ(config.rope_theta, 150000.0F);
  EXPECT_EQ(config.rope_scaling.type, RopeScaling::Type::yarn);
  EXPECT_EQ(config.rope_scaling.factor, 32.0F);
  EXPECT_FALSE(config.rope_scaling.truncate);
}

TEST(ConfigYarn, ReadsWhatItBlendsBetween) {
  const json yarn = {{"rope_type", "yarn"},
                     {"factor", 4.0},
                     {"original_max_position_embeddings", 64},
                     {"beta_fast", 16},
                     {"truncate", false}};

  const RopeScaling scaling = parse(with(kQwen, "rope_scaling", yarn)).rope_scaling;

  EXPECT_EQ(scaling.beta_fast, 16.0F);
  EXPECT_EQ(scaling.beta_slow, 1.0F);
  EXPECT_FALSE(scaling.truncate);
  EXPECT_FLOAT_EQ(scaling.attention_factor, 1.1386294F);  // 0.1 ln 4 + 1
  EXPECT_EQ(parse(with(kQwen, "rope_scaling", with(yarn, "attention_factor", 2)))
                .rope_scaling.attention_factor,
            2.0F);
  EXPECT_THAT(error_for(with(kQwen, "rope_scaling", with(yarn, "mscale", 1))),
              HasSubstr("rope_scaling.mscale: found 1"));
  EXPECT_THAT(error_for(with(kQwen, "rope_scaling", without(yarn, "factor"))),
              HasSubstr("rope_scaling.factor: found nothing"));
}

TEST(ConfigsOfLfm2AndGptOss, GiveTheModelsFigures) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(folder, "configs");

  const ModelConfig lfm2 = read_config(folder / "LiquidAI--LFM2-8B-A1B_config.fields.json");
  const ModelConfig gpt_oss = read_config(folder / "openai--gpt-oss-20b_config.json");

  EXPECT_EQ(lfm2.num_experts, 32);
  EXPECT_EQ(lfm2.moe_intermediate_size, 1792);
  EXPECT_EQ(lfm2.intermediate_size, 7168);
  EXPECT_EQ(lfm2.type_of(2), kFull);
  EXPECT_EQ(lfm2.type_of(3), kConv);
  EXPECT_EQ(gpt_oss.num_experts, 32);
  EXPECT_EQ(gpt_oss.window_of(0), 128);
  EXPECT_EQ(gpt_oss.window_of(1), 0);
  EXPECT_EQ(gpt_oss.rope_scaling.original_max_position_embeddings, 4096);
}

}  // namespace
}  // namespace fidelio::testing
