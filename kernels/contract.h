// The numerics contract, version 1, as scalar code: lanes, reduction tree, exp. What a stored
// weight is worth belongs to it too and is kernels/weight_value.h. Every `_ref` kernel is written
// with these; every SIMD kernel must give the same bits (docs/numerics.md says why each choice was
// made). Nothing here is fast, and nothing here may call libm's transcendental functions.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/weight_value.h"

#ifdef __FAST_MATH__
#error "The numerics contract forbids fast-math"
#endif

namespace fidelio::contract {

/// Stands in every capsule; logit hashes of different versions are not compared.
inline constexpr int kNumericsVersion = 1;

/// Virtual lanes of a reduction, on every target.
inline constexpr std::size_t kLanes = 16;

/// One fixed tree over 16 lane sums: lanes 8 apart, then 4 apart, then (q0 + q2) + (q1 + q3).
inline float reduce_lanes(const float* acc) {
  float u[8];
  float q[4];
  for (std::size_t l = 0; l < 8; ++l) u[l] = acc[l] + acc[l + 8];
  for (std::size_t l = 0; l < 4; ++l) q[l] = u[l] + u[l + 4];
  return (q[0] + q[2]) + (q[1] + q[3]);
}

/// max that propagates NaN; which zero wins is irrelevant to every user.
inline float max_nan(float m, float x) { return (x > m || std::isnan(x)) ? x : m; }

/// Constants of exp: n = round(x log2 e), r = x - n ln 2 in two parts, then a polynomial of degree
/// 5 for (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2. Relative error below 1e-7 (coefficients: Cephes
/// expf, S. Moshier).
struct ExpConstants {
  static constexpr float kLog2e = 1.44269504088896341F;
  static constexpr float kLn2High = 0.693359375F;
  static constexpr float kLn2Low = -2.12194440e-4F;
  static constexpr float kOverflow = 88.72283F;    ///< above: +infinity
  static constexpr float kUnderflow = -87.33654F;  ///< below: +0, so that no result is subnormal
  static constexpr float kPoly[6] = {1.9875691500e-4F, 1.3981999507e-3F, 8.3334519073e-3F,
                                     4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F};
};

/// e^x. NaN gives NaN; 2^n is applied in two exact halves so that n = 128 does not overflow early.
inline float exp(float x) {
  using C = ExpConstants;
  if (std::isnan(x)) return x;
  if (x > C::kOverflow) return std::numeric_limits<float>::infinity();
  if (x < C::kUnderflow) return 0.0F;
  const float n = std::nearbyint(x * C::kLog2e);
  float r = std::fma(-n, C::kLn2High, x);
  r = std::fma(-n, C::kLn2Low, r);
  float p = C::kPoly[0];
  for (int i = 1; i < 6; ++i) p = std::fma(p, r, C::kPoly[i]);
  const float y = std::fma(p, r * r, r) + 1.0F;
  const int exponent = static_cast<int>(n);
  const int half = exponent >> 1;
  const auto power = [](int e) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(e + 127) << 23);
  };
  return y * power(half) * power(exponent - half);
}

/// 1 / (1 + e^-x), IEEE division.
inline float sigmoid(float x) { return 1.0F / (1.0F + exp(-x)); }

/// x / (1 + e^-(alpha x)), IEEE division.
inline float silu(float x, float alpha = 1.0F) { return x / (1.0F + exp(-(alpha * x))); }

/// The tanh form of GELU as x / (1 + e^-z): 0.5 (1 + tanh(z / 2)) is 1 / (1 + e^-z).
struct GeluConstants {
  static constexpr float kCubic = 0.044715F;
  static constexpr float kScale = 1.5957691216057308F;  ///< sqrt(8 / pi)
};
inline float gelu(float x) {
  using C = GeluConstants;
  const float z = C::kScale * std::fma(C::kCubic * (x * x), x, x);
  return x / (1.0F + exp(-z));
}

/// x held between min and max; NaN stays NaN.
inline float clamp(float x, float min, float max) {
  const float below = x > max ? max : x;
  return below < min ? min : below;
}

/// Row `row` of w times x [cols]: element k in lane k mod 16, k ascending, accumulators from +0,
/// the last block padded with +0 weights and activations.
inline float dot_row(const WeightView& w, std::size_t row, const float* x) {
  float acc[kLanes] = {};
  const std::size_t padded = (w.cols + kLanes - 1) / kLanes * kLanes;
  for (std::size_t k = 0; k < padded; ++k) {
    const bool inside = k < w.cols;
    float& lane = acc[k % kLanes];
    lane = std::fma(inside ? weight_value(w, row, k) : 0.0F, inside ? x[k] : 0.0F, lane);
  }
  return reduce_lanes(acc);
}

}  // namespace fidelio::contract
