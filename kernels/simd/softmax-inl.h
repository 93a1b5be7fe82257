// Softmax of one row, shared by softmax and the fused router.
#if defined(FIDELIO_KERNELS_SIMD_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_SOFTMAX_INL_H_
#undef FIDELIO_KERNELS_SIMD_SOFTMAX_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_SOFTMAX_INL_H_
#endif

#include "kernels/simd/lanes-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

/// y = exp(x - max) / sum; y may be x.
HWY_INLINE void softmax_row(const float* x, float* y, std::size_t size) {
  float max = -std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < size; ++i) max = contract::max_nan(max, x[i]);
  const VF vmax = hn::Set(DF(), max);
  map_floats(x, x, y, size, [vmax](VF v, VF) HWY_ATTR { return exp_contract(hn::Sub(v, vmax)); });
  V16 sum = zero16();
  for (std::size_t i = 0; i < size; i += 16) {
    const V16 e = i + 16 <= size ? load16(y + i) : load16_padded(y + i, size - i);
    HWY_UNROLL(4)
    for (std::size_t p = 0; p < kParts; ++p) sum.part[p] = hn::Add(sum.part[p], e.part[p]);
  }
  const VF vsum = hn::Set(DF(), reduce16(sum));
  map_floats(y, y, y, size, [vsum](VF v, VF) HWY_ATTR { return hn::Div(v, vsum); });
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
