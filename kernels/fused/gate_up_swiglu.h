// gate_up_swiglu: y[t, s] = silu(x[t] Wg[e]^T) * (x[t] Wu[e]^T), e = ids[t, s], in one pass over
// both weight streams.
//   gate_proj, up_proj: n_experts views [inter, hidden] each; the formats of the two stacks may
//   differ. x [n_tokens, hidden]; ids [n_tokens, top_k], each in [0, n_experts) - checked by the
//   caller; y [n_tokens, top_k, inter]. No gate or up result is written to memory: one token keeps
//   them in registers, several in a block of 4 rows. Numerics: the bits of gather_matmul, silu and
//   mul. y must not overlap x.
// Source: Shazeer 2020, GLU Variants Improve Transformer.
#pragma once

#include <cstdint>

#include "kernels/share.h"
#include "kernels/weights.h"

namespace fidelio {

struct GateUpSwigluArgs {
  const WeightView* gate_proj = nullptr;
  const WeightView* up_proj = nullptr;
  std::size_t n_experts = 0;
  const float* x = nullptr;
  const std::int32_t* ids = nullptr;
  float* y = nullptr;
  std::size_t n_tokens = 0;
  std::size_t top_k = 0;
};

using GateUpSwigluFn = void (*)(const GateUpSwigluArgs&, Share);

void gate_up_swiglu_ref(const GateUpSwigluArgs& args, Share share);
GateUpSwigluFn gate_up_swiglu_simd();  ///< workspace: expert_order_workspace_bytes

}  // namespace fidelio
