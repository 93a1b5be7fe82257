// add_expert_bias: y[t, s] = x[t, s] + bias[ids[t, s]], the bias of each slot's expert.
//   bias [n_experts, size]; x, y [n_tokens, top_k, size], y may be x; ids [n_tokens, top_k], each
//   in [0, n_experts) - checked by the caller. One rounding an element; NaN and infinity propagate.
//   The bias is added to the rounded dot product, as the reference implementations do.
// Source: the experts of gpt-oss (OpenAI 2025).
#pragma once

#include <cstdint>

#include "kernels/share.h"

namespace fidelio {

struct AddExpertBiasArgs {
  const float* x = nullptr;
  const float* bias = nullptr;
  const std::int32_t* ids = nullptr;
  float* y = nullptr;
  std::size_t n_slots = 0;  ///< n_tokens * top_k
  std::size_t size = 0;
};

using AddExpertBiasFn = void (*)(const AddExpertBiasArgs&, Share);

void add_expert_bias_ref(const AddExpertBiasArgs& args, Share share);  ///< exact: every target

}  // namespace fidelio
