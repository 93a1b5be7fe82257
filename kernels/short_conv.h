// short_conv: a depthwise causal convolution over positions, with a cache of the rows it needs.
//   x, y [n_tokens, channels]; taps [n_taps, channels]: the last tap meets the token itself, the
//   one before it the position before, ...
//     x[t] goes to slot positions[t] of the cache; y[t][c] = sum over j of taps[j][c] *
//     u[positions[t] - (n_taps - 1) + j][c], j ascending, fma from +0; u are the cached rows, and
//     taps that meet positions before 0 are left out.
//   Nothing depends on how many tokens a step has. Channels are split between threads. y must not
//   overlap x. NaN and infinity propagate.
// Source: LFM2 (Liquid AI 2025); causal short convolutions as in H3 (Fu et al. 2023).
#pragma once

#include <cstdint>

#include "kernels/share.h"

namespace fidelio {

/// One layer's rows, [slots, channels]; position p lies in slot p mod slots. Slots are at least
/// n_taps - 1 + the tokens of the widest step.
struct ConvCacheView {
  float* rows = nullptr;
  std::size_t slots = 0;
  std::size_t channels = 0;

  float* row(std::size_t position) const { return rows + position % slots * channels; }
};

struct ShortConvArgs {
  const float* x = nullptr;
  const float* taps = nullptr;
  float* y = nullptr;
  ConvCacheView cache;
  const std::int32_t* positions = nullptr;
  std::size_t n_tokens = 0;
  std::size_t n_taps = 0;
};

using ShortConvFn = void (*)(const ShortConvArgs&, Share);

void short_conv_ref(const ShortConvArgs& args, Share share);
ShortConvFn short_conv_simd();

}  // namespace fidelio
