// The blocks that pre-norm decoders share: embedding, grouped-query attention with rotary
// positions, short convolutions, residuals, dense SwiGLU, the head. Mixtures of experts are
// core/families/expert_block.h; what differs between families stays in their own files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/graph.h"

namespace fidelio {

/// RMSNorm of q and k between projection and rotation.
enum class QkNorm : std::uint8_t { none, each_head, whole };

/// What differs between the families' attention.
struct AttentionBlock {
  QkNorm qk_norm = QkNorm::none;
  bool qkv_bias = false;  ///< q_proj, k_proj and v_proj have biases
  bool o_bias = false;    ///< o_proj has one
  bool sinks = false;     ///< a learned logit of each head in its softmax
  std::string o_proj = "o_proj";
  std::string q_norm = "q_norm";
  std::string k_norm = "k_norm";
};

/// The biases that `attention_bias` says, no norms.
AttentionBlock attention_block(const ModelConfig& config);

/// Where a dense FFN's projections may lie, under the layer.
struct DenseBlock {
  std::vector<std::string> gate_proj = {"mlp.gate_proj"};
  std::vector<std::string> up_proj = {"mlp.up_proj"};
  std::vector<std::string> down_proj = {"mlp.down_proj"};
};

/// What families call their norms.
struct NormNames {
  std::string attention = "input_layernorm";  ///< under the layer
  std::string mlp = "post_attention_layernorm";
  std::string final = "model.norm";
};

class DecoderBuilder {
 public:
  explicit DecoderBuilder(const ModelConfig& config, NormNames norms = {});

  /// The residual stream x -> x + attention(norm(x)).
  void attention(int layer, const AttentionBlock& block);
  /// x -> x + out_proj(C * conv(B * u)), where in_proj(norm(x)) is split into B, C and u.
  void short_conv(int layer);
  /// x -> x + down(silu(gate(norm x)) * up(norm x)), with biases where `mlp_bias`.
  void dense_mlp(int layer, const DenseBlock& block = {});
  /// Norm and head over the wanted rows; returns the finished graph.
  Graph finish();

  // For blocks in their own files: x -> x + block(norm x).
  ValueId begin_mlp(int layer);  ///< the norm
  void end_mlp(ValueId branch) { add_residual(branch, "x_mlp"); }

  using Attributes = std::vector<std::pair<std::string, Attribute>>;
  /// Appends a node of the layer; `name` gets the layer's number before it.
  ValueId append(Op op, std::vector<ParamId> params, std::vector<ValueId> inputs,
                 const std::string& name, Attributes attributes = {});
  /// The same for an op with several results.
  std::vector<ValueId> append_all(Op op, std::vector<ValueId> inputs,
                                  const std::vector<std::string>& names, Attributes attributes);
  /// A parameter that any of the sources, under the layer, may hold; called as the first of them,
  /// without the `.T` of a transposed one.
  ParamId param(Param::Kind kind, const std::vector<std::string>& sources, Shape shape);
  const ModelConfig& config() const { return config_; }

 private:
  std::string path(const std::string& suffix) const;
  ParamId matrix(const std::string& name, std::int64_t rows, std::int64_t cols);
  ParamId vector(const std::string& name, std::int64_t size);
  ValueId norm(const std::string& param, ValueId x, const std::string& name);
  /// A projection under the layer, with its bias where it has one.
  ValueId project(const std::vector<std::string>& proj, ValueId x, std::int64_t rows,
                  std::int64_t cols, bool bias, const std::string& name);
  ValueId qk_norm(QkNorm kind, const std::string& param, ValueId x, std::int64_t heads,
                  const std::string& name);
  ValueId rotated(ValueId x, std::int64_t heads, const std::string& name);
  void add_residual(ValueId branch, const std::string& name);

  const ModelConfig& config_;
  NormNames norms_;
  Graph graph_;
  ParamId inv_freq_ = 0;
  ValueId positions_ = 0;
  ValueId x_ = 0;  ///< the residual stream
  int layer_ = -1;
};

}  // namespace fidelio
