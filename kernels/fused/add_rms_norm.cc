// add_rms_norm on vectors: the sum of squares is taken while the sum is written.
#include "kernels/fused/add_rms_norm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fused/add_rms_norm.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

/// sum = a + b; returns the sum of its squares.
HWY_INLINE float add_and_square(const float* a, const float* b, float* sum, std::size_t size) {
  V16 acc = zero16();
  std::size_t i = 0;
  for (; i < size; i += 16) {
    const std::size_t n = HWY_MIN(std::size_t{16}, size - i);
    const V16 left = n == 16 ? load16(a + i) : load16_padded(a + i, n);
    const V16 right = n == 16 ? load16(b + i) : load16_padded(b + i, n);
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t p = 0; p < kParts; ++p) v.part[p] = hn::Add(left.part[p], right.part[p]);
    acc = fma16(v, v, acc);
    alignas(64) float out[16];
    store16(v, n == 16 ? sum + i : out);
    if (n < 16) std::memcpy(sum + i, out, n * sizeof(float));
  }
  return reduce16(acc);
}

void add_rms_norm_impl(const AddRmsNormArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const std::size_t at = row * args.size;
    const float squares = add_and_square(args.a + at, args.b + at, args.sum + at, args.size);
    const float r = inverse_rms(squares, args.size, args.eps);
    scale_by_weight(args.sum + at, r, args.weight, args.y + at, args.size);
  }
}

AddRmsNormFn add_rms_norm_for_target() { return &add_rms_norm_impl; }
#else
AddRmsNormFn add_rms_norm_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(add_rms_norm_for_target);
AddRmsNormFn add_rms_norm_simd() { return HWY_DYNAMIC_DISPATCH(add_rms_norm_for_target)(); }
}  // namespace fidelio
#endif
