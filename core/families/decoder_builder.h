// The blocks that pre-norm decoders share: embedding, grouped-query attention with rotary
// positions, residuals, dense and mixture-of-experts SwiGLU, the head. What differs between
// families stays in their own files.
#pragma once

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
  std::int64_t inter = 0;
  bool softmax_first =
      false;  ///< softmax over all experts, then top-k; else top-k, then softmax over those
  bool normalize = false;  ///< divide the chosen weights by their sum
};

class DecoderBuilder {
 public:
  explicit DecoderBuilder(const ModelConfig& config);

  /// The residual stream x -> x + attention(norm(x)); `head_norms` adds q_norm and k_norm over each
  /// head.
  void attention(int layer, bool head_norms);
  /// x -> x + down(silu(gate(norm x)) * up(norm x)).
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
  ValueId head_norm(const std::string& param, ValueId x, std::int64_t heads,
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

/// 1 / theta^(2 i / head_dim) for i < head_dim / 2, rounded as the reference does: exponent, power
/// and quotient each to float32. The power is computed in double and rounded once; torch's
/// vectorised float32 power misses that by one unit in the last place in about one frequency of a
/// hundred. Source: transformers, default RoPE initialisation.
std::vector<float> rope_inv_freq(float theta, std::int64_t head_dim);

}  // namespace fidelio
