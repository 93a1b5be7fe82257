// Every key that is read and every key that is refused. Each refusal alters one key of a good
// config.
#include "core/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/eos_token_ids.h"
#include "tests/core/config_samples.h"
#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace fidelio::testing;

TEST(Config, ReadsALlama) {
  const ModelConfig config = parse(with(kLlama, "tie_word_embeddings", true));

  EXPECT_EQ(config.model_type, "llama");
  EXPECT_EQ(config.head_dim, 8);
  EXPECT_EQ(config.rms_norm_eps, 1e-5F);
  EXPECT_EQ(config.rope_theta, 10000.0F);
  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(2));
  EXPECT_EQ(config.num_experts, 0);
  EXPECT_FALSE(config.quantization.has_value());
}

TEST(Config, ReadsAMixtureOfExperts) {
  const ModelConfig config =
      parse(with(with(kQwen, "mlp_only_layers", {0}), "decoder_sparse_step", 2));

  EXPECT_EQ(config.head_dim, 32);
  EXPECT_EQ(config.num_experts, 8);
  EXPECT_EQ(config.num_experts_per_tok, 2);
  EXPECT_EQ(config.moe_intermediate_size, 64);
  EXPECT_TRUE(config.norm_topk_prob);
  EXPECT_EQ(config.rope_theta, 1e6F);
  EXPECT_EQ(config.decoder_sparse_step, 2);
  EXPECT_THAT(config.mlp_only_layers, ElementsAre(0));
}

TEST(Config, ReadsMixtralsOwnNameForExperts) {
  json mixtral = with(with(kQwen, "model_type", "mixtral"), "num_local_experts", 4);
  mixtral.erase("num_experts");

  EXPECT_EQ(parse(mixtral).num_experts, 4);
  EXPECT_EQ(parse(mixtral).moe_intermediate_size, 256);
  EXPECT_THAT(error_for(without(mixtral, "num_local_experts")),
              HasSubstr("num_local_experts: found nothing"));
}

TEST(Config, ReadsNumLocalExpertsWhereTransformers5WritesIt) {
  const json newer = with(without(kQwen, "num_experts"), "num_local_experts", 8);

  EXPECT_EQ(parse(newer).num_experts, 8);
  EXPECT_THAT(error_for(with(newer, "num_experts", 4)),
              HasSubstr("num_local_experts: found 8, expected 4, as num_experts says"));
}

TEST(Config, ReadsAnOlmoe) {
  const json olmoe = with(with(kQwen, "model_type", "olmoe"), "norm_topk_prob", false);

  EXPECT_EQ(parse(olmoe).moe_intermediate_size, 256);
  EXPECT_FALSE(parse(olmoe).norm_topk_prob);
  EXPECT_THAT(error_for(with(olmoe, "clip_qkv", 8.0)), HasSubstr("clip_qkv: found 8.0"));
}

TEST(Config, TakesEosAsANumberAListOrAbsent) {
  EXPECT_THAT(parse(with(kLlama, "eos_token_id", {2, 7})).eos_token_ids, ElementsAre(2, 7));
  EXPECT_THAT(parse(without(kLlama, "eos_token_id")).eos_token_ids, IsEmpty());
}

TEST(Config, LeavesOutEosIdsThatTheModelCannotEmit) {
  EXPECT_THAT(parse(with(kLlama, "eos_token_id", {2, -1, 512})).eos_token_ids, ElementsAre(2));
  EXPECT_THAT(parse(with(kLlama, "eos_token_id", -1)).eos_token_ids, IsEmpty());
  EXPECT_THAT(error_for(with(kLlama, "eos_token_id", "2")), HasSubstr("eos_token_id: found \"2\""));
}

TEST(Config, EosIdsOfTheGenerationConfigAreAdded) {
  const TempDir dir;
  EXPECT_THAT(all_eos_token_ids(dir.path(), {2}, 512), ElementsAre(2));

  dir.write("generation_config.json", R"({"eos_token_id": [7, 2, 512]})");
  EXPECT_THAT(all_eos_token_ids(dir.path(), {2}, 512), ElementsAre(2, 7));

  dir.write("generation_config.json", "[");
  EXPECT_THAT(user_error_of([&] { all_eos_token_ids(dir.path(), {2}, 512); }),
              HasSubstr("generation_config.json"));
}

TEST(Config, RefusesAnUnknownModelType) {
  EXPECT_EQ(error_for(with(kLlama, "model_type", "mixtrall")),
            "config.json: model_type: found \"mixtrall\", expected one of gpt_oss, lfm2, lfm2_moe, "
            "llama, mistral, mixtral, olmoe, qwen2, qwen3, qwen3_moe; "
            "did you mean \"mixtral\"?");
  EXPECT_THAT(error_for(without(kLlama, "model_type")), HasSubstr("model_type: found nothing"));
}

TEST(Config, RefusesEveryMissingKey) {
  for (const char* key : {"hidden_size", "intermediate_size", "num_hidden_layers",
                          "num_attention_heads", "vocab_size", "max_position_embeddings",
                          "rms_norm_eps", "num_key_value_heads", "rope_theta", "num_experts",
                          "num_experts_per_tok", "moe_intermediate_size", "norm_topk_prob"}) {
    EXPECT_THAT(error_for(without(kQwen, key)), HasSubstr(std::string(key) + ": found nothing"))
        << key;
  }
}

TEST(Config, RefusesNumbersThatAreNegativeAbsurdOrNoIntegers) {
  for (const char* key :
       {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "vocab_size", "max_position_embeddings", "num_key_value_heads", "head_dim", "num_experts",
        "num_experts_per_tok", "moe_intermediate_size"}) {
    for (const json& bad :
         {json(0), json(-8), json(1e3), json("8"), json(UINT64_MAX), json(std::int64_t{1} << 40)}) {
      EXPECT_THAT(
          error_for(with(kQwen, key, bad)),
          HasSubstr(fmt::format("{}: found {}, expected an integer from 1 to", key, bad.dump())));
    }
  }
}

TEST(Config, RefusesFloatsOutOfRange) {
  for (const json& bad : {json(0), json(-1e-6), json(1e-60), json(2), json("1e-6")}) {
    EXPECT_THAT(error_for(with(kLlama, "rms_norm_eps", bad)),
                HasSubstr("rms_norm_eps: found " + bad.dump()));
  }
  EXPECT_THAT(error_for(with(kLlama, "rope_theta", 1e30)),
              HasSubstr("rope_theta: found 1e+30, expected a number"));
  EXPECT_THAT(error_for(with(kLlama, "rope_theta", 0)), HasSubstr("rope_theta: found 0"));
}

TEST(Config, RefusesMoreExpertsPerTokenThanExperts) {
  EXPECT_THAT(error_for(with(kQwen, "num_experts_per_tok", 9)),
              HasSubstr("num_experts_per_tok: found 9, expected at most the 8 experts"));
  EXPECT_NO_THROW(parse(with(kQwen, "num_experts_per_tok", 8)));
}

TEST(Config, RefusesALayerThatDoesNotExist) {
  EXPECT_THAT(error_for(with(kQwen, "mlp_only_layers", {2})),
              HasSubstr("mlp_only_layers: found 2"));
  EXPECT_THAT(error_for(with(kQwen, "mlp_only_layers", 1)),
              HasSubstr("mlp_only_layers: found 1, expected an array"));
}

TEST(Config, RefusesWhatNoGraphImplements) {
  const auto refusal = [](const char* key, const json& value) {
    return error_for(with(kQwen, key, value));
  };

  EXPECT_THAT(refusal("hidden_act", "gelu"),
              HasSubstr("hidden_act: found \"gelu\", expected \"silu\""));
  EXPECT_THAT(error_for(with(with(kLlama, "model_type", "qwen2"), "attention_bias", true)),
              HasSubstr("attention_bias: found true, expected false"));
  EXPECT_THAT(refusal("rope_traditional", true),
              HasSubstr("rope_traditional: found true, expected false"));
  EXPECT_THAT(refusal("mlp_bias", true), HasSubstr("mlp_bias: found true, expected false"));
  EXPECT_THAT(refusal("partial_rotary_factor", 0.5),
              HasSubstr("partial_rotary_factor: found 0.5, expected 1"));
  EXPECT_THAT(refusal("layer_types", {"full_attention", "linear_attention"}),
              HasSubstr("layer_types: found \"linear_attention\""));
}

TEST(Config, RefusesTextThatIsNoObjectAndKeysThatOccurTwice) {
  EXPECT_THAT(user_error_of([] { parse_config("{", "c.json"); }),
              HasSubstr("c.json: found text that is not JSON"));
  EXPECT_THAT(user_error_of([] { parse_config("[]", "c.json"); }),
              HasSubstr("c.json: found JSON array"));
  EXPECT_THAT(user_error_of([] { parse_config(R"({"bits": 1, "bits": 2})", "c.json"); }),
              HasSubstr("twice"));
}

TEST(Config, NamesTheFileItCannotRead) {
  const TempDir dir;

  EXPECT_THAT(user_error_of([&] { read_config(dir / "config.json"); }),
              HasSubstr((dir / "config.json").string()));
}

}  // namespace
}  // namespace fidelio
