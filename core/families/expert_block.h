// The mixture-of-experts block: how the families' routers choose and weigh, where the experts'
// projections may lie, and what their activation is.
#pragma once

#include <string>
#include <vector>

#include "core/families/decoder_builder.h"
#include "kernels/fused/router_topk.h"

namespace fidelio {

/// Everything a mixture's graph follows from; names stand under the layer.
struct ExpertBlock {
  std::string router;
  /// Where each projection may lie (core/tensor_source.h); the first names the parameter.
  std::vector<std::string> gate_proj;
  std::vector<std::string> up_proj;
  std::vector<std::string> down_proj;

  RouterOrder order = RouterOrder::topk_softmax;
  bool normalize = false;  ///< divide the chosen weights by their sum
  float eps = 0;           ///< added to that sum
  float factor = 1;        ///< routed_scaling_factor
  bool router_bias = false;
  std::string selection_bias;  ///< added to sigmoid scores for the selection alone; empty: none

  /// Biases of the projections; empty: none.
  std::vector<std::string> gate_bias;
  std::vector<std::string> up_bias;
  std::vector<std::string> down_bias;
  float limit = 0;   ///< swiglu_limit: gate <= limit, -limit <= up <= limit; 0: none
  float alpha = 1;   ///< of silu
  float up_add = 0;  ///< added to up before the product; 0: nothing
};

/// Projections called `gate`, `up` and `down` of each expert under `path`, or stacked by MLX under
/// `path`.switch_mlp; the router is `path`.gate.
ExpertBlock expert_block(const std::string& path, const std::string& gate, const std::string& up,
                         const std::string& down);

/// x -> x + mixture(norm x).
void append_experts(DecoderBuilder& builder, int layer, const ExpertBlock& block);

}  // namespace fidelio
