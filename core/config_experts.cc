#include "core/config_experts.h"

#include <fmt/format.h>

#include <cfloat>

namespace fidelio {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxExperts = 65536;
constexpr double kMaxFactor = 1e6;

/// `num_experts`, which mixtral, gpt_oss and the configs that transformers 5 writes call
/// `num_local_experts`.
std::int64_t read_num_experts(const ConfigReader& config, const std::string& model_type) {
  const auto n = config.find_integer("num_experts", 1, kMaxExperts);
  const auto n_local = config.find_integer("num_local_experts", 1, kMaxExperts);
  if (n && n_local && *n != *n_local) {
    config.fail("num_local_experts", std::to_string(*n_local),
                fmt::format("{}, as num_experts says", *n));
  }
  const bool local = model_type == "mixtral" || model_type == "gpt_oss";
  const char* key = local ? "num_local_experts" : "num_experts";
  return n ? *n : n_local ? *n_local : config.integer(key, 1, kMaxExperts);
}

void read_dense_layers(const ConfigReader& config, ModelConfig& out) {
  out.decoder_sparse_step = config.find_integer("decoder_sparse_step", 1, kMaxLayers).value_or(1);
  const json* dense_layers = config.find("mlp_only_layers");
  if (dense_layers == nullptr) return;
  if (!dense_layers->is_array())
    config.refuse("mlp_only_layers", *dense_layers, "an array of layer numbers");
  for (const json& layer : *dense_layers) {
    out.mlp_only_layers.push_back(
        config.integer_of("mlp_only_layers", layer, 0, out.num_hidden_layers - 1));
  }
}

void read_sigmoid_routing(const ConfigReader& config, ModelConfig& out) {
  out.num_dense_layers = config.integer("num_dense_layers", 0, out.num_hidden_layers);
  out.use_expert_bias = config.find_bool("use_expert_bias").value_or(true);
  out.routed_scaling_factor =
      config.find_float("routed_scaling_factor", FLT_MIN, kMaxFactor).value_or(1.0F);
}

void read_clamped_swiglu(const ConfigReader& config, ModelConfig& out) {
  out.swiglu_limit = config.find_float("swiglu_limit", FLT_MIN, kMaxFactor).value_or(7.0F);
  out.swiglu_alpha = config.find_float("swiglu_alpha", FLT_MIN, kMaxFactor).value_or(1.702F);
}

}  // namespace

void read_experts(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out) {
  out.num_experts = read_num_experts(config, out.model_type);
  out.num_experts_per_tok = config.integer("num_experts_per_tok", 1, kMaxExperts);
  if (out.num_experts_per_tok > out.num_experts) {
    config.fail("num_experts_per_tok", std::to_string(out.num_experts_per_tok),
                fmt::format("at most the {} experts", out.num_experts));
  }
  const std::string width(family.expert_width);
  out.moe_intermediate_size = config.integer(width.c_str(), 1, kMaxWidth);
  if (out.model_type == "mixtral") return;  // its routing has no variants
  if (out.model_type == "gpt_oss") return read_clamped_swiglu(config, out);
  const auto norm_topk_prob = config.find_bool("norm_topk_prob");
  if (!norm_topk_prob) config.missing("norm_topk_prob", "true or false");
  out.norm_topk_prob = *norm_topk_prob;
  if (out.model_type == "lfm2_moe") return read_sigmoid_routing(config, out);
  if (out.model_type == "qwen3_moe") read_dense_layers(config, out);
}

}  // namespace fidelio
