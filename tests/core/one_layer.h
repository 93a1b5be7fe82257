// Configs of one layer, small enough to write the whole graph of a family down, and pieces of that
// graph's text.
#pragma once

#include <fmt/format.h>

#include <string>

#include "core/families/family.h"
#include "core/graph_text.h"

namespace fidelio::testing {

inline ModelConfig one_layer(const std::string& model_type) {
  ModelConfig config;
  config.model_type = model_type;
  config.hidden_size = 32;
  config.intermediate_size = 48;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 8;
  config.vocab_size = 64;
  config.rms_norm_eps = 1e-5F;
  config.rope_theta = 10000;
  config.conv_L_cache = 3;
  if (model_type == "llama" || model_type == "qwen2" || model_type == "mistral") return config;
  config.num_experts = 4;
  config.num_experts_per_tok = 2;
  config.moe_intermediate_size = 48;
  if (model_type == "mixtral") return config;
  config.head_dim = 16;
  config.moe_intermediate_size = 16;
  config.norm_topk_prob = true;
  config.rms_norm_eps = 1e-6F;
  return config;
}

inline std::string text_of(const ModelConfig& config) { return to_text(build_graph(config)); }

/// The op lines of a layer.
inline std::string layer_text(const ModelConfig& config, int layer) {
  const std::string text = ops_text(build_graph(config));
  const std::size_t begin = text.find(fmt::format("layer {}\n", layer));
  return text.substr(begin, text.find("layer ", begin + 1) - begin);
}

}  // namespace fidelio::testing
