// rms_norm: y[i] = (x[i] * r) * weight[i], r = 1 / sqrt(mean(x^2) + eps), for each of n_rows rows
// of `size` floats.
//   x, y [n_rows, size]; weight [size]. y may be x. Per-head norms pass n_rows = n_tokens * heads,
//   size = head_dim. Accumulation: sum of squares like contract::dot_row (16 lanes, fma(x, x, acc),
//   the tree); mean = sum / size; IEEE square root and division. NaN and infinity propagate.
// Source: Zhang and Sennrich 2019, Root Mean Square Layer Normalization.
#pragma once

#include "kernels/share.h"

namespace fidelio {

struct RmsNormArgs {
  const float* x = nullptr;
  const float* weight = nullptr;
  float* y = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;
  float eps = 0;
};

using RmsNormFn = void (*)(const RmsNormArgs&, Share);

void rms_norm_ref(const RmsNormArgs& args, Share share);
RmsNormFn rms_norm_simd();

}  // namespace fidelio
