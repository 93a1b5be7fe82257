// Reads config.json key by key. A feature that no graph builder implements is refused by name,
// never ignored: a baseline that leaves out a sliding window is not the model.
#include "core/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cfloat>

#include "core/config_quantization.h"
#include "core/config_reader.h"
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
constexpr std::int64_t kMaxHeads = 8192;
constexpr std::int64_t kMaxHeadDim = 8192;
constexpr std::int64_t kMaxExperts = 65536;
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 31;
constexpr double kMaxRopeTheta = 1e12;

std::string read_model_type(const ConfigReader& config) {
  const std::vector<std::string>& supported = supported_model_types();
  const std::string expected = fmt::format("one of {}", fmt::join(supported, ", "));
  const auto model_type = config.find_string("model_type");
  if (!model_type) config.missing("model_type", expected);
  if (std::find(supported.begin(), supported.end(), *model_type) == supported.end()) {
    config.fail("model_type", quote(*model_type), expected + did_you_mean(*model_type, supported));
  }
  return *model_type;
}

void read_attention(const ConfigReader& config, ModelConfig& out) {
  out.num_attention_heads = config.integer("num_attention_heads", 1, kMaxHeads);
  const auto kv_heads = config.find_integer("num_key_value_heads", 1, kMaxHeads);
  // Only llama's reference falls back to one key-value head a query head.
  out.num_key_value_heads = kv_heads || out.model_type != "llama"
                                ? config.integer("num_key_value_heads", 1, kMaxHeads)
                                : out.num_attention_heads;
  if (out.num_attention_heads % out.num_key_value_heads != 0) {
    config.fail("num_key_value_heads", std::to_string(out.num_key_value_heads),
                fmt::format("a divisor of num_attention_heads {}", out.num_attention_heads));
  }
  const auto head_dim = config.find_integer("head_dim", 1, kMaxHeadDim);
  if (!head_dim && out.hidden_size % out.num_attention_heads != 0) {
    config.missing(
        "head_dim",
        fmt::format("the key, as hidden_size {} is no multiple of num_attention_heads {}",
                    out.hidden_size, out.num_attention_heads));
  }
  out.head_dim = head_dim.value_or(out.hidden_size / out.num_attention_heads);
  if (out.head_dim % 2 != 0) {
    config.fail("head_dim", std::to_string(out.head_dim),
                "an even number (rotary embeddings turn pairs)");
  }
}

/// rope_theta stands at the top level, or (transformers 5) in rope_parameters beside rope_type.
void read_rope(const ConfigReader& config, ModelConfig& out) {
  std::optional<float> theta = config.find_float("rope_theta", 1, kMaxRopeTheta);
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    const json* object = config.find(name);
    if (object == nullptr) continue;
    if (!object->is_object()) config.refuse(name, *object, "an object or null");
    const ConfigReader rope(*object, config.where(), std::string(name) + ".");
    for (const char* key : {"rope_type", "type"}) {
      const std::string type = rope.find_string(key).value_or("default");
      if (type != "default")
        rope.fail(key, quote(type), "\"default\"; no other scaling is supported");
    }
    const auto inner_theta = rope.find_float("rope_theta", 1, kMaxRopeTheta);
    if (inner_theta && theta && *inner_theta != *theta) {
      rope.fail("rope_theta", fmt::to_string(*inner_theta),
                fmt::format("{}, as rope_theta says elsewhere", *theta));
    }
    if (inner_theta) theta = inner_theta;
    if (rope.find_float("partial_rotary_factor", 0, 1).value_or(1.0F) != 1.0F) {
      rope.refuse("partial_rotary_factor", *rope.find("partial_rotary_factor"), "1");
    }
  }
  if (config.find_float("partial_rotary_factor", 0, 1).value_or(1.0F) != 1.0F) {
    config.refuse("partial_rotary_factor", *config.find("partial_rotary_factor"), "1");
  }
  if (!theta && out.model_type != "llama") {
    config.missing("rope_theta", "the key");
  }
  out.rope_theta = theta.value_or(out.rope_theta);
}

void refuse_unimplemented(const ConfigReader& config, const std::string& model_type) {
  const std::string hidden_act = config.find_string("hidden_act").value_or("silu");
  if (hidden_act != "silu") config.fail("hidden_act", quote(hidden_act), "\"silu\"");
  for (const char* key : {"attention_bias", "mlp_bias"}) {
    if (config.find_bool(key).value_or(false)) config.fail(key, "true", "false");
  }
  // Qwen configs state a window and switch it off beside it; elsewhere a number means a window.
  const bool switched_off =
      model_type == "qwen3_moe" && !config.find_bool("use_sliding_window").value_or(false);
  if (const json* window = config.find("sliding_window"); window != nullptr && !switched_off) {
    config.refuse("sliding_window", *window, "null; sliding windows are not supported");
  }
  const json* layer_types = config.find("layer_types");
  if (layer_types == nullptr) return;
  if (!layer_types->is_array()) config.refuse("layer_types", *layer_types, "an array");
  for (const json& type : *layer_types) {
    if (type != "full_attention")
      config.refuse("layer_types", type, "\"full_attention\" in every layer");
  }
}

void read_experts(const ConfigReader& config, ModelConfig& out) {
  const bool mixtral = out.model_type == "mixtral";
  out.num_experts = config.integer(mixtral ? "num_local_experts" : "num_experts", 1, kMaxExperts);
  out.num_experts_per_tok = config.integer("num_experts_per_tok", 1, kMaxExperts);
  if (out.num_experts_per_tok > out.num_experts) {
    config.fail("num_experts_per_tok", std::to_string(out.num_experts_per_tok),
                fmt::format("at most the {} experts", out.num_experts));
  }
  if (mixtral) return;
  out.moe_intermediate_size = config.integer("moe_intermediate_size", 1, kMaxWidth);
  const auto norm_topk_prob = config.find_bool("norm_topk_prob");
  if (!norm_topk_prob) config.missing("norm_topk_prob", "true or false");
  out.norm_topk_prob = *norm_topk_prob;
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

void read_token_ids(const ConfigReader& config, ModelConfig& out) {
  const std::int64_t last = out.vocab_size - 1;
  out.bos_token_id = config.find_integer("bos_token_id", 0, last);
  const json* eos = config.find("eos_token_id");
  if (eos == nullptr) return;
  if (!eos->is_array()) {
    out.eos_token_ids.push_back(config.integer_of("eos_token_id", *eos, 0, last));
    return;
  }
  for (const json& id : *eos) {
    out.eos_token_ids.push_back(config.integer_of("eos_token_id", id, 0, last));
  }
}

}  // namespace

const std::vector<std::string>& supported_model_types() {
  static const std::vector<std::string> kTypes = {"llama", "mixtral", "qwen3_moe"};
  return kTypes;
}

ModelConfig parse_config(const std::string& text, const std::string& where) {
  const json object = parse_json_object(text, where);
  const ConfigReader config(object, where);
  ModelConfig out;
  out.model_type = read_model_type(config);
  refuse_unimplemented(config, out.model_type);
  out.hidden_size = config.integer("hidden_size", 1, kMaxWidth);
  out.intermediate_size = config.integer("intermediate_size", 1, kMaxWidth);
  out.num_hidden_layers = config.integer("num_hidden_layers", 1, kMaxLayers);
  out.vocab_size = config.integer("vocab_size", 1, kMaxVocab);
  out.max_position_embeddings = config.integer("max_position_embeddings", 1, kMaxPositions);
  const auto eps = config.find_float("rms_norm_eps", FLT_MIN, 1);
  if (!eps) config.missing("rms_norm_eps", "a number");
  out.rms_norm_eps = *eps;
  out.tie_word_embeddings = config.find_bool("tie_word_embeddings").value_or(false);
  read_attention(config, out);
  read_rope(config, out);
  if (out.model_type != "llama") read_experts(config, out);
  read_token_ids(config, out);
  out.quantization = read_quantization(config);
  return out;
}

ModelConfig read_config(const std::filesystem::path& file) {
  return parse_config(read_text_file(file, kMaxConfigBytes), path_text(file));
}

}  // namespace fidelio
