// down_combine: y[t] = sum over slots of weights[t, s] * (x[t, s] W[ids[t, s]]^T), slots ascending,
// fma from +0; with a bias [n_experts, hidden], each product has its expert's added first.
//   experts: n_experts views [hidden, inter]; x [n_tokens, top_k, inter]; ids, weights [n_tokens,
//   top_k]; ids in [0, n_experts) - checked by the caller; y [n_tokens, hidden]. No [top_k, hidden]
//   block is written: one token accumulates a row over its experts at once, several tokens keep
//   kDownRows rows of their products in the workspace.
//   Numerics: the bits of gather_matmul, add_expert_bias and combine. y must not overlap x.
// Source: Shazeer et al. 2017, equation 2.
#pragma once

#include <cstdint>

#include "kernels/share.h"
#include "kernels/weights.h"

namespace fidelio {

struct DownCombineArgs {
  const WeightView* experts = nullptr;
  std::size_t n_experts = 0;
  const float* x = nullptr;
  const std::int32_t* ids = nullptr;
  const float* weights = nullptr;
  float* y = nullptr;
  std::size_t n_tokens = 0;
  std::size_t top_k = 0;
  const float* bias = nullptr;
};

using DownCombineFn = void (*)(const DownCombineArgs&, Share);

void down_combine_ref(const DownCombineArgs& args, Share share);
DownCombineFn down_combine_simd();

/// Output rows whose expert products wait in the workspace for their sum; a multiple of the panel's
/// four rows.
inline constexpr std::size_t kDownRows = 16;

/// Products of kDownRows rows, then the pairs sorted by expert.
std::size_t down_combine_workspace_bytes(std::size_t n_tokens, std::size_t top_k,
                                         std::size_t n_experts);

}  // namespace fidelio
