// gather_matmul_int8, gather_matmul_int16: y[t, s] = x^[t (, s)] W[ids[t, s]]^T, the selected
// experts' projection of rounded activations. Shapes and ids as in gather_matmul.h.
//
// x^: per block of 32 elements of a row of x (the last one shorter where 32 does not divide `in`):
//   amax = max |x|;  d = amax / largest, largest = 127 (int8) or 32767 (int16);
//   q = rint(x / d), ties to even;  x^ = q * d.  Divisions and product are float32. |q| <= largest.
//   d < 2^-126 (amax = 0, or nearly):  d = +0, q = 0.     NaN or infinity in x:  d = NaN, q = 0.
// Affine weights, code c, scale s and bias b (widened to float32) of the block's group:
//   P = sum of c * q and S = sum of q over the block, in integers, exact: |P| <= 32 * 255 * 32767 =
//   267,378,720, below 2^31. So they are the same on every processor and in any order.
//   t = fma(s, float(P), b * float(S)); float(P) rounds to even above 2^24, float(S) is exact.
//   acc[j mod 16] = fma(d, t, acc[j mod 16]) for block j = 0, 1, ..., accumulators from +0, blocks
//   padded to a multiple of 16 by blocks of d = s = b = +0, P = S = 0; then
//   contract::reduce_lanes. Groups are multiples of 32, so no block spans two of them.
// Float weights: contract::dot_row over x^.
//
// NaN or infinity in x, in a scale or in a bias gives outputs that are not finite: NaN for x. s * P
// overflows only for |s| > 1e30. y must not overlap x.
// Source: block-wise dynamic quantisation of activations, as in ggml's Q8_0 (blocks of 32).
#pragma once

#include "kernels/gather_matmul.h"

namespace fidelio {

void gather_matmul_int8_ref(const GatherMatmulArgs& args, Share share);
void gather_matmul_int16_ref(const GatherMatmulArgs& args, Share share);
GatherMatmulFn gather_matmul_int8_simd();
GatherMatmulFn gather_matmul_int16_simd();

/// Bytes of Share::workspace a thread needs: the step's rounded x, which every thread makes for
/// itself (cheaper than a barrier), then the pairs sorted by expert. `w` is any of the experts.
std::size_t gather_matmul_rounded_workspace_bytes(const WeightView& w, std::size_t n_tokens,
                                                  std::size_t top_k, std::size_t n_experts,
                                                  bool x_per_slot);

}  // namespace fidelio
