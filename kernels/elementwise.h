// add, mul and silu over n floats: y = a + b, y = a * b, y = a / (1 + e^-a) (contract::silu).
//   y may be a or b. One rounding an operation; NaN and infinity propagate. silu ignores b.
// Source: Elfwing et al. 2018 (SiLU); residual connections of He et al. 2016.
#pragma once

#include "kernels/share.h"

namespace fidelio {

struct ElementwiseArgs {
  const float* a = nullptr;
  const float* b = nullptr;
  float* y = nullptr;
  std::size_t n = 0;
};

using ElementwiseFn = void (*)(const ElementwiseArgs&, Share);

void add_ref(const ElementwiseArgs& args, Share share);  ///< exact: serves every target
void mul_ref(const ElementwiseArgs& args, Share share);  ///< exact: serves every target
void silu_ref(const ElementwiseArgs& args, Share share);
ElementwiseFn silu_simd();

}  // namespace fidelio
