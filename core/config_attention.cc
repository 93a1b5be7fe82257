#include "core/config_attention.h"

#include <fmt/format.h>

#include <algorithm>

namespace fidelio {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxHeads = 8192;
constexpr std::int64_t kMaxHeadDim = 8192;

void read_heads(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out) {
  out.num_attention_heads = config.integer("num_attention_heads", 1, kMaxHeads);
  const auto kv_heads = config.find_integer("num_key_value_heads", 1, kMaxHeads);
  out.num_key_value_heads = kv_heads || !family.kv_heads_default
                                ? config.integer("num_key_value_heads", 1, kMaxHeads)
                                : out.num_attention_heads;
  if (out.num_attention_heads % out.num_key_value_heads != 0) {
    config.fail("num_key_value_heads", std::to_string(out.num_key_value_heads),
                fmt::format("a divisor of num_attention_heads {}", out.num_attention_heads));
  }
}

void read_head_dim(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out) {
  const auto head_dim = config.find_integer("head_dim", 1, kMaxHeadDim);
  if (!head_dim && !family.head_dim_default) config.missing("head_dim", "the key");
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

/// The window that the config asks for; 0 for none.
std::int64_t read_window(const ConfigReader& config, const ConfigFamily& family) {
  const json* window = config.find("sliding_window");
  if (family.window == WindowRule::none) {
    if (window != nullptr) {
      config.refuse("sliding_window", *window, fmt::format("null in {}", family.model_type));
    }
    return 0;
  }
  const bool has_switch =
      family.window == WindowRule::switched || family.window == WindowRule::upper_layers;
  if (has_switch && !config.find_bool("use_sliding_window").value_or(false)) return 0;
  if (window != nullptr) return config.integer("sliding_window", 1, kMaxPositions);
  return config.has("sliding_window") ? 0 : family.sliding_window;
}

LayerType layer_type(const ConfigReader& config, const ConfigFamily& family, const json& type) {
  if (type == "conv" && family.short_conv) return LayerType::conv;
  if (type == "full_attention") return LayerType::full_attention;
  if (type == "sliding_attention" && !family.short_conv) return LayerType::sliding_attention;
  config.refuse("layer_types", type,
                family.short_conv ? "\"full_attention\" or \"conv\""
                                  : "\"full_attention\" or \"sliding_attention\"");
}

/// Where attention stands between convolutions: `full_attn_idxs`, the form before `layer_types`.
std::vector<LayerType> read_full_attn_idxs(const ConfigReader& config, std::int64_t n_layers) {
  const json* listed = config.find("full_attn_idxs");
  if (listed == nullptr || !listed->is_array()) {
    config.missing("layer_types", fmt::format("an array of {} layers' types", n_layers));
  }
  std::vector<LayerType> types(static_cast<std::size_t>(n_layers), LayerType::conv);
  for (const json& layer : *listed) {
    types[static_cast<std::size_t>(config.integer_of("full_attn_idxs", layer, 0, n_layers - 1))] =
        LayerType::full_attention;
  }
  return types;
}

/// One type a layer: as `layer_types` says, else by the family's rule.
std::vector<LayerType> read_layer_types(const ConfigReader& config, const ConfigFamily& family,
                                        const ModelConfig& out) {
  const auto n_layers = static_cast<std::size_t>(out.num_hidden_layers);
  const bool windowed = out.sliding_window > 0;
  std::vector<LayerType> types;
  if (const json* listed = config.find("layer_types")) {
    if (!listed->is_array() || listed->size() != n_layers) {
      config.refuse("layer_types", *listed, fmt::format("an array of {} layers' types", n_layers));
    }
    for (const json& type : *listed) {
      types.push_back(layer_type(config, family, type));
      if (types.back() == LayerType::sliding_attention && !windowed) {
        config.refuse("layer_types", type, "\"full_attention\", as no sliding_window is in use");
      }
    }
    return types;
  }
  if (family.short_conv) return read_full_attn_idxs(config, out.num_hidden_layers);
  const std::size_t step = family.window == WindowRule::alternating ? 2 : 1;
  std::int64_t first = windowed ? 0 : out.num_hidden_layers;
  if (windowed && family.window == WindowRule::upper_layers) {
    first = config.integer("max_window_layers", 0, INT32_MAX);
  }
  types.assign(n_layers, LayerType::full_attention);
  for (auto layer = static_cast<std::size_t>(first); layer < n_layers; layer += step) {
    types[layer] = LayerType::sliding_attention;
  }
  return types;
}

bool read_bias(const ConfigReader& config, const char* key, bool allowed, bool absent = false) {
  const bool bias = config.find_bool(key).value_or(absent);
  if (bias && !allowed) config.fail(key, "true", "false");
  return bias;
}

}  // namespace

void read_attention(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out) {
  read_heads(config, family, out);
  read_head_dim(config, family, out);
  out.attention_bias =
      read_bias(config, "attention_bias", family.attention_bias, family.attention_bias_default);
  out.mlp_bias = read_bias(config, "mlp_bias", family.mlp_bias);
  out.sliding_window = read_window(config, family);
  out.layer_types = read_layer_types(config, family, out);
}

}  // namespace fidelio
