// add and mul over n floats: y = a + b, y = a * b; add_scalar and mul_scalar: y = x + value, y = x
// * value; clamp: y = x held between min and max.
//   y may be an operand. One rounding an operation; NaN and infinity propagate, through clamp as
//   well; min > max is outside the contract. Which zero clamp gives where a bound is one is the
//   bound's. All are exact steps, so that the scalar code serves every target.
// Source: residual connections of He et al. 2016; the clamped SwiGLU of gpt-oss (OpenAI 2025).
#pragma once

#include <limits>

#include "kernels/share.h"

namespace fidelio {

struct ElementwiseArgs {
  const float* a = nullptr;
  const float* b = nullptr;
  float* y = nullptr;
  std::size_t n = 0;
};

struct ScalarArgs {
  const float* x = nullptr;
  float* y = nullptr;
  std::size_t n = 0;
  float value = 0;
};

struct ClampArgs {
  const float* x = nullptr;
  float* y = nullptr;
  std::size_t n = 0;
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
};

using ElementwiseFn = void (*)(const ElementwiseArgs&, Share);
using ScalarFn = void (*)(const ScalarArgs&, Share);
using ClampFn = void (*)(const ClampArgs&, Share);

void add_ref(const ElementwiseArgs& args, Share share);
void mul_ref(const ElementwiseArgs& args, Share share);
void add_scalar_ref(const ScalarArgs& args, Share share);
void mul_scalar_ref(const ScalarArgs& args, Share share);
void clamp_ref(const ClampArgs& args, Share share);

}  // namespace fidelio
