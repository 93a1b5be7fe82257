#include "validate/synth/published_configs.h"

#include <fmt/format.h>

#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio::synth {
namespace {

using nlohmann::json;

/// `pattern` repeated to `n` layer types.
json layer_types(std::initializer_list<const char*> pattern, std::size_t n) {
  json types = json::array();
  while (types.size() < n) types.push_back(*(pattern.begin() + types.size() % pattern.size()));
  return types;
}

json qwen3_30b_a3b() {
  return {{"architectures", json::array({"Qwen3MoeForCausalLM"})},
          {"attention_bias", false},
          {"bos_token_id", 151643},
          {"decoder_sparse_step", 1},
          {"eos_token_id", 151645},
          {"head_dim", 128},
          {"hidden_act", "silu"},
          {"hidden_size", 2048},
          {"intermediate_size", 6144},
          {"max_position_embeddings", 40960},
          {"max_window_layers", 48},
          {"mlp_only_layers", json::array()},
          {"model_type", "qwen3_moe"},
          {"moe_intermediate_size", 768},
          {"norm_topk_prob", true},
          {"num_attention_heads", 32},
          {"num_experts", 128},
          {"num_experts_per_tok", 8},
          {"num_hidden_layers", 48},
          {"num_key_value_heads", 4},
          {"rms_norm_eps", 1e-6},
          {"rope_scaling", nullptr},
          {"rope_theta", 1000000.0},
          {"sliding_window", nullptr},
          {"tie_word_embeddings", false},
          {"torch_dtype", "bfloat16"},
          {"use_sliding_window", false},
          {"vocab_size", 151936}};
}

json qwen3_4b() {
  return {{"architectures", json::array({"Qwen3ForCausalLM"})},
          {"attention_bias", false},
          {"head_dim", 128},
          {"hidden_act", "silu"},
          {"hidden_size", 2560},
          {"intermediate_size", 9728},
          {"max_position_embeddings", 262144},
          {"model_type", "qwen3"},
          {"num_attention_heads", 32},
          {"num_hidden_layers", 36},
          {"num_key_value_heads", 8},
          {"rms_norm_eps", 1e-6},
          {"rope_theta", 5000000},
          {"tie_word_embeddings", true},
          {"torch_dtype", "bfloat16"},
          {"vocab_size", 151936}};
}

json olmoe_1b_7b() {
  return {{"architectures", json::array({"OlmoeForCausalLM"})},
          {"attention_bias", false},
          {"clip_qkv", nullptr},
          {"eos_token_id", 50279},
          {"hidden_act", "silu"},
          {"hidden_size", 2048},
          {"intermediate_size", 1024},
          {"max_position_embeddings", 4096},
          {"model_type", "olmoe"},
          {"norm_topk_prob", false},
          {"num_attention_heads", 16},
          {"num_experts", 64},
          {"num_experts_per_tok", 8},
          {"num_hidden_layers", 16},
          {"num_key_value_heads", 16},
          {"pad_token_id", 1},
          {"rms_norm_eps", 1e-5},
          {"rope_scaling", nullptr},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", false},
          {"torch_dtype", "bfloat16"},
          {"vocab_size", 50304}};
}

json mixtral_8x7b() {
  return {{"architectures", json::array({"MixtralForCausalLM"})},
          {"bos_token_id", 1},
          {"eos_token_id", 2},
          {"hidden_act", "silu"},
          {"hidden_size", 4096},
          {"intermediate_size", 14336},
          {"max_position_embeddings", 32768},
          {"model_type", "mixtral"},
          {"num_attention_heads", 32},
          {"num_experts_per_tok", 2},
          {"num_hidden_layers", 32},
          {"num_key_value_heads", 8},
          {"num_local_experts", 8},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 1000000.0},
          {"sliding_window", nullptr},
          {"tie_word_embeddings", false},
          {"torch_dtype", "bfloat16"},
          {"vocab_size", 32000}};
}

json lfm2_8b_a1b() {
  json types = layer_types({"conv", "conv", "full_attention", "conv"}, 24);
  types[21] = "full_attention";  // the last period is shorter
  types[22] = "conv";
  return {{"architectures", json::array({"Lfm2MoeForCausalLM"})},
          {"bos_token_id", 1},
          {"conv_L_cache", 3},
          {"conv_bias", false},
          {"eos_token_id", 7},
          {"hidden_size", 2048},
          {"intermediate_size", 7168},
          {"layer_types", types},
          {"max_position_embeddings", 128000},
          {"model_type", "lfm2_moe"},
          {"moe_intermediate_size", 1792},
          {"norm_eps", 1e-5},
          {"norm_topk_prob", true},
          {"num_attention_heads", 32},
          {"num_dense_layers", 2},
          {"num_experts", 32},
          {"num_experts_per_tok", 4},
          {"num_hidden_layers", 24},
          {"num_key_value_heads", 8},
          {"pad_token_id", 0},
          {"rope_theta", 1000000.0},
          {"routed_scaling_factor", 1.0},
          {"tie_word_embeddings", true},
          {"torch_dtype", "bfloat16"},
          {"use_expert_bias", true},
          {"vocab_size", 65536}};
}

json gpt_oss_20b() {
  return {{"architectures", json::array({"GptOssForCausalLM"})},
          {"attention_bias", true},
          {"eos_token_id", 200002},
          {"experts_per_token", 4},
          {"head_dim", 64},
          {"hidden_act", "silu"},
          {"hidden_size", 2880},
          {"initial_context_length", 4096},
          {"intermediate_size", 2880},
          {"layer_types", layer_types({"sliding_attention", "full_attention"}, 24)},
          {"max_position_embeddings", 131072},
          {"model_type", "gpt_oss"},
          {"num_attention_heads", 64},
          {"num_experts_per_tok", 4},
          {"num_hidden_layers", 24},
          {"num_key_value_heads", 8},
          {"num_local_experts", 32},
          {"pad_token_id", 199999},
          {"rms_norm_eps", 1e-5},
          {"rope_scaling",
           {{"beta_fast", 32.0},
            {"beta_slow", 1.0},
            {"factor", 32.0},
            {"original_max_position_embeddings", 4096},
            {"rope_type", "yarn"},
            {"truncate", false}}},
          {"rope_theta", 150000},
          {"sliding_window", 128},
          {"swiglu_limit", 7.0},
          {"tie_word_embeddings", false},
          {"vocab_size", 201088}};
}

struct Published {
  const char* name;
  json (*config)();
};

constexpr Published kPublished[] = {
    {"lfm2-8b-a1b", lfm2_8b_a1b}, {"qwen3-30b-a3b", qwen3_30b_a3b}, {"gpt-oss-20b", gpt_oss_20b},
    {"olmoe-1b-7b", olmoe_1b_7b}, {"mixtral-8x7b", mixtral_8x7b},   {"qwen3-4b", qwen3_4b},
};

}  // namespace

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Published& published : kPublished) names.emplace_back(published.name);
  return names;
}

json published_config(const std::string& family) {
  for (const Published& published : kPublished) {
    if (family == published.name) return published.config();
  }
  throw UserError(fmt::format("FAMILY: found {}, expected {}{}", quote(family),
                              fmt::join(family_names(), ", "),
                              did_you_mean(family, family_names())));
}

json with_layers(json config, std::int64_t layers) {
  const auto published = config.at("num_hidden_layers").get<std::int64_t>();
  if (layers < 1 || layers > published) {
    throw UserError(fmt::format("--layers: found {}, expected 1 to {}, the layers of the model",
                                layers, published));
  }
  config["num_hidden_layers"] = layers;
  if (const auto types = config.find("layer_types"); types != config.end())
    types->erase(types->begin() + layers, types->end());
  return config;
}

}  // namespace fidelio::synth
