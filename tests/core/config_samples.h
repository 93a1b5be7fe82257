// Two good configs and the ways that tests alter them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/config.h"
#include "tests/support/user_error.h"

namespace fidelio::testing {

using nlohmann::json;

inline const json kLlama =
    json::parse(R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 172,
  "num_hidden_layers": 5, "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 512,
  "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "bos_token_id": 1, "eos_token_id": 2})");

inline const json kQwen =
    json::parse(R"({"model_type": "qwen3_moe", "hidden_size": 64, "intermediate_size": 256,
  "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "vocab_size": 128,
  "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "rope_theta": 1000000, "num_experts": 8,
  "num_experts_per_tok": 2, "moe_intermediate_size": 64, "norm_topk_prob": true})");

inline ModelConfig parse(const json& config) { return parse_config(config.dump(), "config.json"); }

inline json with(json config, const std::string& key, const json& value) {
  config[key] = value;
  return config;
}
inline json without(json config, const std::string& key) {
  config.erase(key);
  return config;
}
inline std::string error_for(const json& config) {
  return user_error_of([&] { parse(config); });
}

}  // namespace fidelio::testing
