// combine: y[t] = sum over slots of weights[t, s] * x[t, s], slots ascending (strongest expert
// first), fma from +0.
//   x [n_tokens, top_k, size]; weights [n_tokens, top_k]; y [n_tokens, size]; y must not overlap x.
//   NaN and infinity propagate.
// Source: Shazeer et al. 2017, equation 2.
#pragma once

#include "kernels/share.h"

namespace fidelio {

struct CombineArgs {
  const float* x = nullptr;
  const float* weights = nullptr;
  float* y = nullptr;
  std::size_t n_tokens = 0;
  std::size_t top_k = 0;
  std::size_t size = 0;
};

using CombineFn = void (*)(const CombineArgs&, Share);

void combine_ref(const CombineArgs& args, Share share);
CombineFn combine_simd();

}  // namespace fidelio
