// sigmoid, silu and gelu over n floats; y may be x.
//   sigmoid: y = 1 / (1 + e^-x). silu: y = x / (1 + e^-(alpha x)), the product rounded; alpha = 1
//   is contract::silu. gelu, the tanh form: y = x / (1 + e^-z), z = c (0.044715 x^2 x + x), c =
//   sqrt(8 / pi), with contract::gelu's roundings.
//   e^x: contract::exp; IEEE division. NaN propagates; silu and gelu of -infinity are NaN, as
//   -infinity * 0 is in the reference implementations.
// Source: Elfwing et al. 2018 (SiLU); alpha: gpt-oss (OpenAI 2025); Hendrycks and Gimpel 2016
// (GELU).
#pragma once

#include "kernels/share.h"

namespace fidelio {

struct ActivationArgs {
  const float* x = nullptr;
  float* y = nullptr;
  std::size_t n = 0;
  float alpha = 1;  ///< of silu alone
};

using ActivationFn = void (*)(const ActivationArgs&, Share);

void sigmoid_ref(const ActivationArgs& args, Share share);
ActivationFn sigmoid_simd();
void silu_ref(const ActivationArgs& args, Share share);
ActivationFn silu_simd();
void gelu_ref(const ActivationArgs& args, Share share);
ActivationFn gelu_simd();

}  // namespace fidelio
