// gather_matmul: y[t, s] = x[t (, s)] W[ids[t, s]]^T, the selected experts' projection.
//   experts: n_experts views [out, in] of one format and shape; ids [n_tokens, top_k], each in [0,
//   n_experts) - checked by the caller; x [n_tokens, in], or [n_tokens, top_k, in] when x_per_slot;
//   y [n_tokens, top_k, out]. Accumulation: contract::dot_row for every output. y must not overlap
//   x. NaN and infinity propagate.
// Source: Shazeer et al. 2017; `gather_mm` of mixture-of-experts decoders.
#pragma once

#include "kernels/share.h"
#include "kernels/weights.h"

namespace fidelio {

struct GatherMatmulArgs {
  const WeightView* experts = nullptr;
  std::size_t n_experts = 0;
  const float* x = nullptr;
  bool x_per_slot = false;
  const std::int32_t* ids = nullptr;
  float* y = nullptr;
  std::size_t n_tokens = 0;
  std::size_t top_k = 0;
};

using GatherMatmulFn = void (*)(const GatherMatmulArgs&, Share);

void gather_matmul_ref(const GatherMatmulArgs& args, Share share);
GatherMatmulFn gather_matmul_simd();

/// Bytes of Share::workspace a thread needs: the (token, slot) pairs sorted by expert.
std::size_t expert_order_workspace_bytes(std::size_t n_tokens, std::size_t top_k,
                                         std::size_t n_experts);

}  // namespace fidelio
