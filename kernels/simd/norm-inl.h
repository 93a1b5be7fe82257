// The two halves of RMSNorm, shared by rms_norm and the fused add_rms_norm.
#if defined(FIDELIO_KERNELS_SIMD_NORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_NORM_INL_H_
#undef FIDELIO_KERNELS_SIMD_NORM_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_NORM_INL_H_
#endif

#include <cmath>

#include "kernels/simd/lanes-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

HWY_INLINE float sum_of_squares(const float* HWY_RESTRICT x, std::size_t size) {
  V16 acc = zero16();
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    const V16 v = load16(x + i);
    acc = fma16(v, v, acc);
  }
  if (i < size) {
    const V16 v = load16_padded(x + i, size - i);
    acc = fma16(v, v, acc);
  }
  return reduce16(acc);
}

/// 1 / sqrt(mean + eps), IEEE.
HWY_INLINE float inverse_rms(float sum, std::size_t size, float eps) {
  const float mean = sum / static_cast<float>(size);
  return 1.0F / std::sqrt(mean + eps);
}

/// y[i] = (x[i] * r) * weight[i]; y may be x.
HWY_INLINE void scale_by_weight(const float* x, float r, const float* weight, float* y,
                                std::size_t size) {
  const VF vr = hn::Set(DF(), r);
  map_floats(x, weight, y, size, [vr](VF v, VF w) HWY_ATTR { return hn::Mul(hn::Mul(v, vr), w); });
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
