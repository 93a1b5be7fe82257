// add_bias: y[r][i] = x[r][i] + bias[i] for x, y [n_rows, size], bias [size]; y may be x.
//   One rounding an element; NaN and infinity propagate. A projection's bias is added to the
//   rounded dot product, as the reference implementations do.
// Source: the biases of Qwen2's q_proj, k_proj and v_proj.
#pragma once

#include "kernels/share.h"

namespace fidelio {

struct AddBiasArgs {
  const float* x = nullptr;
  const float* bias = nullptr;
  float* y = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;
};

using AddBiasFn = void (*)(const AddBiasArgs&, Share);

void add_bias_ref(const AddBiasArgs& args, Share share);  ///< exact: serves every target

}  // namespace fidelio
