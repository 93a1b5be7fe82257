// What config.json means for one family and not for another: which keys it has, and what the
// reference takes where a key is absent. One row a model_type; the graph of each is core/families/.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fidelio {

/// Who decides that a layer's attention has a sliding window.
enum class WindowRule : std::uint8_t {
  none,          ///< the family has none: a window in the config is refused
  every_layer,   ///< `sliding_window`, in every layer
  switched,      ///< `sliding_window` when `use_sliding_window`, in every layer
  upper_layers,  ///< the same, from layer `max_window_layers` on
  alternating    ///< `sliding_window` in layers 0, 2, 4, ...
};

struct ConfigFamily {
  std::string_view model_type;
  bool kv_heads_default;  ///< num_key_value_heads absent: num_attention_heads
  bool head_dim_default;  ///< head_dim absent: hidden_size / num_attention_heads
  float rope_theta;       ///< taken when absent; 0: the key is required
  WindowRule window;
  std::int64_t sliding_window;    ///< taken when the key is absent (null is no window); 0: none
  bool attention_bias;            ///< `attention_bias`: biases of q_proj, k_proj, v_proj and o_proj
  bool mlp_bias;                  ///< `mlp_bias`: biases of gate_proj, up_proj and down_proj
  bool rope_traditional;          ///< MLX's `rope_traditional`
  std::string_view expert_width;  ///< key of the experts' FFN width; empty: a dense family
  bool attention_bias_default = false;  ///< `attention_bias` taken when absent
  bool short_conv = false;              ///< has layers of type conv, and the keys of LFM2
};

/// The table, sorted by model_type. Source: the configuration classes of transformers;
/// rope_traditional: mlx-lm's model arguments.
std::span<const ConfigFamily> config_families();

/// nullptr for an unknown model_type.
const ConfigFamily* find_config_family(std::string_view model_type);

}  // namespace fidelio
