// The contract's 16 virtual lanes on any vector width, and the few operations kernels need on them:
// load, FMA, the reduction tree, exp. Included once per target; kernels use these and never hwy's
// own reductions.
#if defined(FIDELIO_KERNELS_SIMD_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_LANES_INL_H_
#undef FIDELIO_KERNELS_SIMD_LANES_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_LANES_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/contract.h"
#include "kernels/simd/targets.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, 16>;
using VF = hn::Vec<DF>;
using DI = hn::RebindToSigned<DF>;
using DU = hn::RebindToUnsigned<DF>;
constexpr std::size_t kWidth = hn::MaxLanes(DF());  // lanes of one vector
constexpr std::size_t kParts = 16 / kWidth;         // vectors of 16 lanes

struct V16 {
  VF part[kParts];
};

HWY_INLINE V16 zero16() {
  V16 v;
  HWY_UNROLL(4) for (std::size_t p = 0; p < kParts; ++p) v.part[p] = hn::Zero(DF());
  return v;
}
HWY_INLINE V16 set16(float x) {
  V16 v;
  HWY_UNROLL(4) for (std::size_t p = 0; p < kParts; ++p) v.part[p] = hn::Set(DF(), x);
  return v;
}
HWY_INLINE V16 load16(const float* HWY_RESTRICT x) {
  V16 v;
  HWY_UNROLL(4)
  for (std::size_t p = 0; p < kParts; ++p) v.part[p] = hn::LoadU(DF(), x + p * kWidth);
  return v;
}
HWY_INLINE void store16(const V16& v, float* HWY_RESTRICT y) {
  HWY_UNROLL(4)
  for (std::size_t p = 0; p < kParts; ++p) hn::StoreU(v.part[p], DF(), y + p * kWidth);
}
/// a * b + c with one rounding: hardware FMA on every target that FIDELIO_TARGET_IS_EXACT admits.
HWY_INLINE V16 fma16(const V16& a, const V16& b, const V16& c) {
  V16 v;
  HWY_UNROLL(4)
  for (std::size_t p = 0; p < kParts; ++p) v.part[p] = hn::MulAdd(a.part[p], b.part[p], c.part[p]);
  return v;
}

/// The first n < 16 floats of x, +0 beyond; reads nothing past them.
HWY_INLINE V16 load16_padded(const float* HWY_RESTRICT x, std::size_t n) {
  alignas(64) float block[16] = {};
  std::memcpy(block, x, n * sizeof(float));
  return load16(block);
}

/// contract::reduce_lanes.
HWY_INLINE float reduce16(const V16& v) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  const __m512 raw = v.part[0].raw;
  const __m256 low = _mm512_castps512_ps256(raw);
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(raw), 1));
  const __m256 u = _mm256_add_ps(low, high);
#elif HWY_TARGET == HWY_AVX2
  const __m256 u = _mm256_add_ps(v.part[0].raw, v.part[1].raw);
#endif
#if HWY_ARCH_X86
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(u), _mm256_extractf128_ps(u, 1));
  const __m128 h = _mm_add_ps(q, _mm_movehl_ps(q, q));  // q0 + q2, q1 + q3
  return _mm_cvtss_f32(_mm_add_ss(h, _mm_movehdup_ps(h)));
#else
  alignas(64) float lanes[16];
  store16(v, lanes);
  return contract::reduce_lanes(lanes);
#endif
}

HWY_INLINE VF max_nan(VF m, VF x) {
  return hn::IfThenElse(hn::Or(hn::Gt(x, m), hn::IsNaN(x)), x, m);
}

/// contract::exp.
HWY_INLINE VF exp_contract(VF x) {
  using C = contract::ExpConstants;
  const DF d;
  const DI di;
  const auto too_big = hn::Gt(x, hn::Set(d, C::kOverflow));
  const auto too_small = hn::Lt(x, hn::Set(d, C::kUnderflow));
  const auto nan = hn::IsNaN(x);
  const VF safe = hn::IfThenElse(hn::Or(hn::Or(too_big, too_small), nan), hn::Zero(d), x);
  const VF n = hn::Round(hn::Mul(safe, hn::Set(d, C::kLog2e)));
  VF r = hn::NegMulAdd(n, hn::Set(d, C::kLn2High), safe);
  r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), r);
  VF p = hn::Set(d, C::kPoly[0]);
  HWY_UNROLL(5) for (int i = 1; i < 6; ++i) p = hn::MulAdd(p, r, hn::Set(d, C::kPoly[i]));
  const VF y = hn::Add(hn::MulAdd(p, hn::Mul(r, r), r), hn::Set(d, 1.0F));
  const auto exponent = hn::ConvertTo(di, n);
  const auto half = hn::ShiftRight<1>(exponent);
  const auto bias = hn::Set(di, 127);
  const VF a = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(half, bias)));
  const VF b = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::Sub(exponent, half), bias)));
  VF result = hn::Mul(hn::Mul(y, a), b);
  result = hn::IfThenElse(too_big, hn::Set(d, std::numeric_limits<float>::infinity()), result);
  result = hn::IfThenZeroElse(too_small, result);
  return hn::IfThenElse(nan, x, result);
}

/// contract::sigmoid.
HWY_INLINE VF sigmoid_contract(VF x) {
  const VF one = hn::Set(DF(), 1.0F);
  return hn::Div(one, hn::Add(one, exp_contract(hn::Neg(x))));
}

/// contract::silu.
HWY_INLINE VF silu_contract(VF x, VF alpha) {
  return hn::Div(x, hn::Add(hn::Set(DF(), 1.0F), exp_contract(hn::Neg(hn::Mul(alpha, x)))));
}

/// contract::gelu.
HWY_INLINE VF gelu_contract(VF x) {
  using C = contract::GeluConstants;
  const VF cubic = hn::Mul(hn::Set(DF(), C::kCubic), hn::Mul(x, x));
  const VF z = hn::Mul(hn::Set(DF(), C::kScale), hn::MulAdd(cubic, x, x));
  return hn::Div(x, hn::Add(hn::Set(DF(), 1.0F), exp_contract(hn::Neg(z))));
}

/// contract::clamp.
HWY_INLINE VF clamp_contract(VF x, VF min, VF max) {
  const VF below = hn::IfThenElse(hn::Gt(x, max), max, x);
  return hn::IfThenElse(hn::Lt(below, min), min, below);
}

/// y[i] = body(a[i], b[i]) over n floats: whole vectors, then the remainder through a padded block.
/// y may be a or b.
template <class Body>
HWY_INLINE void map_floats(const float* a, const float* b, float* y, std::size_t n, Body body) {
  const DF d;
  std::size_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    hn::StoreU(body(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
  }
  if (i == n) return;
  alignas(64) float left[16] = {};
  alignas(64) float right[16] = {};
  std::memcpy(left, a + i, (n - i) * sizeof(float));
  std::memcpy(right, b + i, (n - i) * sizeof(float));
  hn::StoreU(body(hn::LoadU(d, left), hn::LoadU(d, right)), d, left);
  std::memcpy(y + i, left, (n - i) * sizeof(float));
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
