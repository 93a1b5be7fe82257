// A model's config.json as far as a graph needs it: the checkpoint's own keys, checked. Where the
// weights lie is core/checkpoint.h; what the numbers mean for a family is core/families/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fidelio {

/// Larger config.json files are refused unread.
inline constexpr std::size_t kMaxConfigBytes = std::size_t{16} << 20;

/// How one path is quantised.
struct Quantization {
  enum class Mode : std::uint8_t { affine, mxfp4 };
  int group_size = 64;  ///< 32, 64 or 128; 32 for mxfp4
  int bits = 4;         ///< 2, 3, 4, 5, 6 or 8; 4 for mxfp4
  Mode mode = Mode::affine;

  bool operator==(const Quantization&) const = default;
};

/// The `quantization` (or `quantization_config`) block: a default and per-path overrides.
struct QuantizationConfig {
  Quantization defaults;
  /// Path without ".weight" -> its own setting, or nullopt where the override says `false` (a float
  /// weight).
  std::map<std::string, std::optional<Quantization>> overrides;

  /// The setting that applies to `path` if it has scales in the checkpoint.
  std::optional<Quantization> for_path(const std::string& path) const;
};

/// How the rotary frequencies of the first training are stretched to longer contexts. Source:
/// transformers' rope initialisations.
struct RopeScaling {
  enum class Type : std::uint8_t { none, linear, llama3, yarn, factors };
  Type type = Type::none;
  float factor = 1;
  // llama3 alone: wavelengths in parts of the original context between which it blends.
  float low_freq_factor = 1;
  float high_freq_factor = 4;
  std::int64_t original_max_position_embeddings = 0;  ///< llama3 and yarn
  // yarn alone: rotations in the original context between which it blends.
  float beta_fast = 32;
  float beta_slow = 1;
  bool truncate = true;        ///< the blend begins and ends at whole dimensions
  float attention_factor = 1;  ///< cos and sin times this
  /// factors alone: what each of the head_dim / 2 frequencies is divided by. No reference's
  /// config.json has them; GGUF files carry every scaling that has no key of its own so.
  std::vector<float> factors = {};

  bool operator==(const RopeScaling&) const = default;
};

enum class LayerType : std::uint8_t { full_attention, sliding_attention, conv };

/// Names are the config keys verbatim. Keys a family does not have keep their defaults.
struct ModelConfig {
  std::string model_type;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;  ///< dense FFN; in mixtral and olmoe the experts' FFN
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;
  std::int64_t head_dim = 0;  ///< hidden_size / num_attention_heads when absent
  std::int64_t vocab_size = 0;
  std::int64_t max_position_embeddings = 0;
  float rms_norm_eps = 0;  ///< `norm_eps` in lfm2 and lfm2_moe
  float rope_theta = 10000.0F;
  RopeScaling rope_scaling;
  bool rope_traditional = false;  ///< pairs of neighbours instead of halves (MLX checkpoints)
  bool tie_word_embeddings = false;
  bool attention_bias = false;         ///< biases of q_proj, k_proj, v_proj and o_proj
  bool mlp_bias = false;               ///< biases of gate_proj, up_proj and down_proj
  std::int64_t sliding_window = 0;     ///< positions a token sees in sliding layers; 0: none slides
  std::vector<LayerType> layer_types;  ///< one a layer; a layer beyond the list is full_attention
  std::int64_t conv_L_cache = 0;       ///< taps of a short convolution
  bool conv_bias = false;              ///< biases of in_proj, conv and out_proj

  LayerType type_of(std::int64_t layer) const;
  /// The window of a layer; 0 where its tokens see every earlier position.
  std::int64_t window_of(std::int64_t layer) const;

  // Mixture of experts.
  std::int64_t num_experts = 0;            ///< `num_experts` or `num_local_experts`
  std::int64_t num_experts_per_tok = 0;    ///< top-k
  std::int64_t moe_intermediate_size = 0;  ///< the experts' FFN, whichever key holds it
  bool norm_topk_prob = false;
  std::int64_t decoder_sparse_step = 1;
  std::vector<std::int64_t> mlp_only_layers;
  std::int64_t num_dense_layers = 0;  ///< the first layers have no experts
  bool use_expert_bias = false;       ///< added to the router's scores for the selection alone
  float routed_scaling_factor = 1;
  float swiglu_limit = 0;  ///< of the clamped SwiGLU; 0: not clamped
  float swiglu_alpha = 1;

  std::vector<std::int64_t> eos_token_ids;  ///< `eos_token_id`: a number or a list
  std::optional<QuantizationConfig> quantization;
};

/// Reads and checks `file`. Throws UserError naming the file, the key, what was found and what was
/// expected: a missing key, a wrong type, a negative or absurd number, an unknown model_type, an
/// unsupported feature (a rope_scaling other than the types of RopeScaling, clip_qkv, hidden_act
/// other than silu, quantisation modes or bits).
ModelConfig read_config(const std::filesystem::path& file);

/// The same on text, `where` naming its origin in messages; `sources` names what its keys were made
/// from where it was made from something else (core/gguf/gguf_config.h).
ModelConfig parse_config(const std::string& text, const std::string& where,
                         const std::map<std::string, std::string>& sources = {});

/// The model types that read_config accepts.
const std::vector<std::string>& supported_model_types();

}  // namespace fidelio
