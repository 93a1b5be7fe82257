// Reads config.json key by key. A feature that no graph builder implements is refused by name,
// never ignored: a baseline that leaves out a sliding window is not the model.
#include "core/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cfloat>

#include "core/config_attention.h"
#include "core/config_family.h"
#include "core/config_quantization.h"
#include "core/config_reader.h"
#include "core/config_rope.h"
#include "core/eos_token_ids.h"
#include "core/json_text.h"
#include "core/mapped_file.h"
#include "core/nearest_name.h"

namespace fidelio {

namespace {

using nlohmann::json;

// Far above any published model, low enough that a product of three fits in 64 bits.
constexpr std::int64_t kMaxWidth = std::int64_t{1} << 20;
constexpr std::int64_t kMaxVocab = std::int64_t{1} << 24;
constexpr std::int64_t kMaxLayers = 4096;
constexpr std::int64_t kMaxExperts = 65536;

std::string read_model_type(const ConfigReader& config) {
  const std::vector<std::string>& supported = supported_model_types();
  const std::string expected = fmt::format("one of {}", fmt::join(supported, ", "));
  const auto model_type = config.find_string("model_type");
  if (!model_type) config.missing("model_type", expected);
  if (find_config_family(*model_type) == nullptr) {
    config.fail("model_type", quote(*model_type), expected + did_you_mean(*model_type, supported));
  }
  return *model_type;
}

void refuse_unimplemented(const ConfigReader& config) {
  const std::string hidden_act = config.find_string("hidden_act").value_or("silu");
  if (hidden_act != "silu") config.fail("hidden_act", quote(hidden_act), "\"silu\"");
  if (const json* clip = config.find("clip_qkv")) {
    config.refuse("clip_qkv", *clip, "null; clipped projections are not supported");
  }
}

/// `num_experts`, which mixtral and the configs that transformers 5 writes call
/// `num_local_experts`.
std::int64_t read_num_experts(const ConfigReader& config, const std::string& model_type) {
  const auto n = config.find_integer("num_experts", 1, kMaxExperts);
  const auto n_local = config.find_integer("num_local_experts", 1, kMaxExperts);
  if (n && n_local && *n != *n_local) {
    config.fail("num_local_experts", std::to_string(*n_local),
                fmt::format("{}, as num_experts says", *n));
  }
  const char* key = model_type == "mixtral" ? "num_local_experts" : "num_experts";
  return n ? *n : n_local ? *n_local : config.integer(key, 1, kMaxExperts);
}

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
  const auto norm_topk_prob = config.find_bool("norm_topk_prob");
  if (!norm_topk_prob) config.missing("norm_topk_prob", "true or false");
  out.norm_topk_prob = *norm_topk_prob;
  if (out.model_type != "qwen3_moe") return;
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

}  // namespace

const std::vector<std::string>& supported_model_types() {
  static const std::vector<std::string> kTypes = [] {
    std::vector<std::string> types;
    for (const ConfigFamily& family : config_families()) types.emplace_back(family.model_type);
    return types;
  }();
  return kTypes;
}

std::int64_t ModelConfig::window_of(std::int64_t layer) const {
  const auto i = static_cast<std::size_t>(layer);
  const bool slides = i < layer_types.size() && layer_types[i] == LayerType::sliding_attention;
  return slides ? sliding_window : 0;
}

ModelConfig parse_config(const std::string& text, const std::string& where) {
  const json object = parse_json_object(text, where);
  const ConfigReader config(object, where);
  ModelConfig out;
  out.model_type = read_model_type(config);
  const ConfigFamily& family = *find_config_family(out.model_type);
  refuse_unimplemented(config);
  out.hidden_size = config.integer("hidden_size", 1, kMaxWidth);
  out.intermediate_size = config.integer("intermediate_size", 1, kMaxWidth);
  out.num_hidden_layers = config.integer("num_hidden_layers", 1, kMaxLayers);
  out.vocab_size = config.integer("vocab_size", 1, kMaxVocab);
  out.max_position_embeddings = config.integer("max_position_embeddings", 1, kMaxPositions);
  const auto eps = config.find_float("rms_norm_eps", FLT_MIN, 1);
  if (!eps) config.missing("rms_norm_eps", "a number");
  out.rms_norm_eps = *eps;
  out.tie_word_embeddings = config.find_bool("tie_word_embeddings").value_or(false);
  read_attention(config, family, out);
  read_rope(config, family, out);
  if (!family.expert_width.empty()) read_experts(config, family, out);
  out.eos_token_ids = read_eos_token_ids(config, out.vocab_size);
  out.quantization = read_quantization(config);
  return out;
}

ModelConfig read_config(const std::filesystem::path& file) {
  return parse_config(read_text_file(file, kMaxConfigBytes), path_text(file));
}

}  // namespace fidelio
