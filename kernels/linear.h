// linear: y = x W^T.
//   w [rows, cols] in any WeightFormat; x [n_tokens, cols]; y [n_tokens, rows]; float32, row-major.
//   Accumulation: contract::dot_row for every output, whatever n_tokens is.
//   y must not overlap x. No alignment is needed. NaN and infinity propagate; n_tokens = 0 writes
//   nothing.
// Source: the projections of every decoder; Vaswani et al. 2017, section 3.2.2.
#pragma once

#include "kernels/share.h"
#include "kernels/weights.h"

namespace fidelio {

struct LinearArgs {
  WeightView w;
  const float* x = nullptr;
  float* y = nullptr;
  std::size_t n_tokens = 0;
};

using LinearFn = void (*)(const LinearArgs&, Share);

void linear_ref(const LinearArgs& args, Share share);
LinearFn linear_simd();  ///< for the current target; null where no vector target is exact

}  // namespace fidelio
