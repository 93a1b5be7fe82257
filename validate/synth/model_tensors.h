// The tensors that a model of a given config consists of, before any format: what each is for, and
// its shape in the model. Names, stored dtypes and quantisation are the formats' business
// (tensor_names.h, mlx_format.h, ...); values are weight_spread.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fidelio::synth {

/// What a tensor is for. `experts_*` are those of all experts of a layer.
enum class Part : std::uint8_t {
  embedding,
  final_norm,
  head,
  attn_norm,
  mlp_norm,
  q_proj,
  k_proj,
  v_proj,
  o_proj,
  q_bias,
  k_bias,
  v_bias,
  o_bias,
  q_norm,
  k_norm,
  sinks,
  conv_in,
  conv_taps,
  conv_out,
  gate,
  up,
  down,
  router,
  router_bias,
  expert_bias,
  experts_gate,
  experts_up,
  experts_down,
  experts_gate_bias,
  experts_up_bias,
  experts_down_bias,
};

struct ModelTensor {
  Part part = Part::embedding;
  int layer = -1;  ///< -1: of no layer
  /// [size] of a vector, [rows, cols] of a matrix (y = W x), [experts, rows, cols] or
  /// [experts, size] of experts, [channels, taps] of a convolution.
  std::vector<std::int64_t> shape;

  bool operator==(const ModelTensor&) const = default;
};

bool is_experts(Part part);  ///< its first dimension counts experts
/// A matrix that reference implementations quantise: a projection, the embedding or the head.
bool is_quantizable(Part part);
/// Values are near 1.
bool is_norm(Part part);

/// What the shapes and the spread of values are made from; keys are the config's own.
struct Architecture {
  explicit Architecture(const nlohmann::json& config);

  std::string model_type;
  std::int64_t hidden_size;
  std::int64_t num_hidden_layers;
  std::int64_t heads;
  std::int64_t kv_heads;
  std::int64_t head_dim;
  std::int64_t vocab_size;
  std::int64_t intermediate_size;  ///< dense FFN
  std::int64_t expert_size = 0;    ///< FFN of one expert
  std::int64_t num_experts = 0;
  std::int64_t top_k = 0;
  std::int64_t conv_taps = 0;
  std::int64_t dense_layers = 0;  ///< the first of them have a dense FFN
  bool tied = false;
  bool normalized_routing = true;        ///< the chosen experts' weights sum to 1
  std::vector<std::string> layer_types;  ///< empty: all attention

  bool has_attention(std::int64_t layer) const;
  bool has_experts(std::int64_t layer) const { return num_experts > 0 && layer >= dense_layers; }
};

/// In the order of a forward pass.
std::vector<ModelTensor> model_tensors(const Architecture& architecture);

}  // namespace fidelio::synth
