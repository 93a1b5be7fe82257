// add_rms_norm: sum = a + b; y = rms_norm(sum, weight, eps), row by row while the sum is in the
// cache.
//   a, b, sum, y [n_rows, size]; weight [size]. sum is rounded to float32 before it is squared, as
//   the unfused pair does; sum may be a or b, y may not overlap anything else. Numerics: the bits
//   of add and rms_norm.
// Source: pre-norm decoders; Zhang and Sennrich 2019.
#pragma once

#include "kernels/share.h"

namespace fidelio {

struct AddRmsNormArgs {
  const float* a = nullptr;
  const float* b = nullptr;
  const float* weight = nullptr;
  float* sum = nullptr;
  float* y = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;
  float eps = 0;
};

using AddRmsNormFn = void (*)(const AddRmsNormArgs&, Share);

void add_rms_norm_ref(const AddRmsNormArgs& args, Share share);
AddRmsNormFn add_rms_norm_simd();

}  // namespace fidelio
