// Which metadata key of a GGUF file is which key of config.json. For core/gguf/gguf_config.cc
// alone; what takes more than copying stands there.
#pragma once

#include <cstdint>
#include <string_view>

namespace fidelio {

struct GgufConfigKey {
  enum class Kind : std::uint8_t { integer, real, flag };
  std::string_view key;         ///< behind the architecture's name and a dot
  std::string_view config_key;  ///< empty: known, and no business of the config's
  Kind kind = Kind::integer;
};

inline constexpr GgufConfigKey kCommonKeys[] = {
    {"context_length", "max_position_embeddings"},
    {"embedding_length", "hidden_size"},
    {"block_count", "num_hidden_layers"},
    {"feed_forward_length", "intermediate_size"},
    {"attention.head_count", "num_attention_heads"},
    {"rope.freq_base", "rope_theta", GgufConfigKey::Kind::real},
};
inline constexpr GgufConfigKey kNorm[] = {
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps", GgufConfigKey::Kind::real},
};
inline constexpr GgufConfigKey kLfm2Norm[] = {
    {"attention.layer_norm_rms_epsilon", "norm_eps", GgufConfigKey::Kind::real},
};

// Under rope_scaling.
inline constexpr GgufConfigKey kRopeScalingKeys[] = {
    {"rope.scaling.type", "rope_type"},
    {"rope.scaling.factor", "factor"},
    {"rope.scaling.original_context_length", "original_max_position_embeddings"},
    {"rope.scaling.yarn_beta_fast", "beta_fast"},
    {"rope.scaling.yarn_beta_slow", "beta_slow"},
    {"rope.scaling.finetuned", ""},
};

inline constexpr GgufConfigKey kExpertKeys[] = {
    {"expert_count", "num_local_experts"},
    {"expert_used_count", "num_experts_per_tok"},
};
inline constexpr GgufConfigKey kExpertNorm[] = {
    {"expert_weights_norm", "norm_topk_prob", GgufConfigKey::Kind::flag},
};
// The experts' FFN beside a dense one, and where there is no other.
inline constexpr GgufConfigKey kExpertWidth[] = {
    {"expert_feed_forward_length", "moe_intermediate_size"},
};
inline constexpr GgufConfigKey kExpertWidthAlone[] = {
    {"expert_feed_forward_length", "intermediate_size"},
};

inline constexpr GgufConfigKey kLfm2Keys[] = {
    {"shortconv.l_cache", "conv_L_cache"},
};
inline constexpr GgufConfigKey kLfm2MoeKeys[] = {
    {"leading_dense_block_count", "num_dense_layers"},
    {"expert_weights_scale", "routed_scaling_factor", GgufConfigKey::Kind::real},
};
inline constexpr GgufConfigKey kGptOssKeys[] = {
    {"attention.sliding_window", "sliding_window"},
};

}  // namespace fidelio
