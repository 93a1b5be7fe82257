// The blocks that pre-norm decoders share: embedding, grouped-query attention with rotary
// positions, residuals, dense and mixture-of-experts SwiGLU, the head. What differs between
// families stays in their own files.
#pragma once

#include <cstdint>
#include <string>

#include "core/config.h"
#include "core/graph.h"

namespace fidelio {

/// The names and the routing of a mixture-of-experts block.
struct ExpertBlock {
  std::string path;       ///< "block_sparse_moe", "mlp": under the layer
  std::string router;     ///< "gate": under path
  std::string gate_proj;  ///< name of each expert's projections
  std::string up_proj;
  std::string down_proj;
  /// softmax over all experts, then top-k; else top-k, then softmax over those
  bool softmax_first = false;
  bool normalize = false;  ///< divide the chosen weights by their sum
};

/// RMSNorm of q and k between projection and rotation.
enum class QkNorm : std::uint8_t { none, each_head, whole };

/// What differs between the families' attention.
struct AttentionBlock {
  QkNorm qk_norm = QkNorm::none;
  bool qkv_bias = false;  ///< q_proj, k_proj and v_proj have biases
  bool o_bias = false;    ///< o_proj has one
};

/// The biases that `attention_bias` says, no norms.
AttentionBlock attention_block(const ModelConfig& config);

class DecoderBuilder {
 public:
  explicit DecoderBuilder(const ModelConfig& config);

  /// The residual stream x -> x + attention(norm(x)).
  void attention(int layer, const AttentionBlock& block);
  /// x -> x + down(silu(gate(norm x)) * up(norm x)), with biases where `mlp_bias`.
  void dense_mlp(int layer);
  /// x -> x + mixture(norm x).
  void experts(int layer, const ExpertBlock& block);
  /// Norm and head over the wanted rows; returns the finished graph.
  Graph finish();

 private:
  std::string path(const std::string& suffix) const;
  ParamId matrix(const std::string& name, std::int64_t rows, std::int64_t cols);
  ParamId vector(const std::string& name, std::int64_t size);
  ParamId stack(const ExpertBlock& block, const std::string& proj, const std::string& stacked,
                std::int64_t rows, std::int64_t cols);
  ValueId append(Op op, std::vector<ParamId> params, std::vector<ValueId> inputs,
                 const std::string& name,
                 std::vector<std::pair<std::string, Attribute>> attributes = {});
  ValueId norm(const std::string& param, ValueId x, const std::string& name);
  /// A projection under the layer, with its bias where it has one.
  ValueId project(const std::string& proj, ValueId x, std::int64_t rows, std::int64_t cols,
                  bool bias, const std::string& name);
  ValueId qk_norm(QkNorm kind, const std::string& param, ValueId x, std::int64_t heads,
                  const std::string& name);
  ValueId rotated(ValueId x, std::int64_t heads, const std::string& name);
  void add_residual(ValueId branch, const std::string& name);
  /// Routing weights and expert ids.
  std::pair<ValueId, ValueId> route(const ExpertBlock& block, ValueId logits);

  const ModelConfig& config_;
  Graph graph_;
  ParamId inv_freq_ = 0;
  ValueId positions_ = 0;
  ValueId x_ = 0;  ///< the residual stream
  int layer_ = -1;
};

}  // namespace fidelio
