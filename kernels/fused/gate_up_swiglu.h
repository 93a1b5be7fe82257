// gate_up_swiglu: y[t, s] = silu(g) * u, g = x[t] Wg[e]^T, u = x[t] Wu[e]^T, e = ids[t, s], in one
// pass over both weight streams.
//   gate_proj, up_proj: n_experts views [inter, hidden] each; the formats of the two stacks may
//   differ. x [n_tokens, hidden]; ids [n_tokens, top_k], each in [0, n_experts) - checked by the
//   caller; y [n_tokens, top_k, inter]. With biases [n_experts, inter], g and u have their expert's
//   added first. SwigluForm: g = clamp(g), u = clamp(u), silu with alpha, then u + up_add. No gate
//   or up result is written to memory: one token keeps blocks of them, several tokens 4 rows.
//   Numerics: the bits of gather_matmul, add_expert_bias, clamp, silu, add_scalar and mul, each
//   rounded. y must not overlap x.
// Source: Shazeer 2020, GLU Variants Improve Transformer; the clamped form: gpt-oss (OpenAI 2025).
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/share.h"
#include "kernels/weights.h"

namespace fidelio {

/// What differs from silu(g) * u; the defaults change no bit of it.
struct SwigluForm {
  float gate_max = std::numeric_limits<float>::infinity();
  float alpha = 1;
  float up_min = -std::numeric_limits<float>::infinity();
  float up_max = std::numeric_limits<float>::infinity();
  float up_add = 0;  ///< 0: nothing is added
};

struct GateUpSwigluArgs {
  const WeightView* gate_proj = nullptr;
  const WeightView* up_proj = nullptr;
  std::size_t n_experts = 0;
  const float* x = nullptr;
  const std::int32_t* ids = nullptr;
  float* y = nullptr;
  std::size_t n_tokens = 0;
  std::size_t top_k = 0;
  const float* gate_bias = nullptr;  ///< [n_experts, inter]; both or none
  const float* up_bias = nullptr;
  SwigluForm form = {};
};

using GateUpSwigluFn = void (*)(const GateUpSwigluArgs&, Share);

void gate_up_swiglu_ref(const GateUpSwigluArgs& args, Share share);
GateUpSwigluFn gate_up_swiglu_simd();  ///< workspace: expert_order_workspace_bytes

}  // namespace fidelio
