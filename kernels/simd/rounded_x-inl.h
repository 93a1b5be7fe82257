// Activations rounded per block of 32 and packed for integer products (contract:
// gather_matmul_rounded.h). Codes are int16 for either rounding: one loop serves both. What they
// are multiplied by is code_sums-inl.h.
#if defined(FIDELIO_KERNELS_SIMD_ROUNDED_X_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_ROUNDED_X_INL_H_
#undef FIDELIO_KERNELS_SIMD_ROUNDED_X_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_ROUNDED_X_INL_H_
#endif

#include <limits>

#include "kernels/packed_row.h"
#include "kernels/simd/lanes-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

constexpr std::size_t kBlock = PackedRow::kBlock;
constexpr std::size_t kRunBlocks = PackedRow::kRunBlocks;
constexpr std::size_t kRunColumns = PackedRow::kRunColumns;
constexpr std::size_t kLaneBlocks = kWidth / 4;  // 128-bit lanes of a vector
using VI = hn::Vec<DI>;

/// Codes of one block of n <= 32 elements, zeros beyond; its scale and the sum of the codes.
HWY_INLINE void round_block(const float* HWY_RESTRICT x, std::size_t n, float largest,
                            std::int16_t* HWY_RESTRICT q, float* d, float* sum) {
  alignas(64) float block[kBlock] = {};
  std::memcpy(block, x, n * sizeof(float));
  // Magnitudes order like their bits, and NaN and infinity are above all numbers.
  VI magnitude = hn::Zero(DI());
  for (std::size_t i = 0; i < kBlock; i += kWidth) {
    const VI bits = hn::BitCast(DI(), hn::Load(DF(), block + i));
    magnitude = hn::Max(magnitude, hn::And(bits, hn::Set(DI(), 0x7FFFFFFF)));
  }
  const std::int32_t bits = hn::GetLane(hn::MaxOfLanes(DI(), magnitude));
  float amax;
  std::memcpy(&amax, &bits, sizeof(amax));
  *d = amax / largest;
  *sum = 0.0F;
  if (bits >= 0x7F800000) *d = std::numeric_limits<float>::quiet_NaN();
  if (!(*d >= std::numeric_limits<float>::min())) {
    if (bits < 0x7F800000) *d = 0.0F;
    std::memset(q, 0, kBlock * sizeof(*q));
    return;
  }
  const hn::Rebind<std::int16_t, DF> d16;
  VI sums = hn::Zero(DI());
  for (std::size_t i = 0; i < kBlock; i += kWidth) {
    const VI codes = hn::NearestInt(hn::Div(hn::Load(DF(), block + i), hn::Set(DF(), *d)));
    sums = hn::Add(sums, codes);
    hn::StoreU(hn::DemoteTo(d16, codes), d16, q + i);
  }
  *sum = static_cast<float>(hn::GetLane(hn::SumOfLanes(DI(), sums)));
}

/// Reorders a run's codes as the products of kBits-bit weight codes meet them: a vector of weight
/// bytes is taken apart into 16 / kBits planes of 16-bit words, plane r holding every code whose
/// index is r modulo the number of planes.
template <unsigned kBits>
HWY_INLINE void permute(const std::int16_t* HWY_RESTRICT from, std::int16_t* HWY_RESTRICT to) {
  constexpr std::size_t kPlanes = 16 / kBits;
  constexpr std::size_t kLaneCodes = 8 * kPlanes;  // weight codes in 128 bits
  constexpr std::size_t kVectorCodes = kLaneBlocks * kLaneCodes;
  for (std::size_t v = 0; v < kRunColumns; v += kVectorCodes) {
    for (std::size_t r = 0; r < kPlanes; ++r) {
      for (std::size_t i = 0; i < 8 * kLaneBlocks; ++i) *to++ = from[v + kPlanes * i + r];
    }
  }
}

/// Rounds x [cols] into a PackedRow at `memory`, for weights whose codes are multiplied as
/// kBits-bit ones.
template <unsigned kBits>
inline void round_row(const float* HWY_RESTRICT x, std::size_t cols, float largest,
                      std::byte* HWY_RESTRICT memory) {
  auto* q = reinterpret_cast<std::int16_t*>(memory);
  auto* d = reinterpret_cast<float*>(memory + PackedRow::d_offset(cols));
  auto* sum = reinterpret_cast<float*>(memory + PackedRow::sum_offset(cols));
  for (std::size_t run = 0; run < PackedRow::runs(cols); ++run) {
    alignas(64) std::int16_t codes[kRunColumns] = {};
    for (std::size_t j = run * kRunBlocks; j < (run + 1) * kRunBlocks; ++j) {
      const std::size_t k = HWY_MIN(j * kBlock, cols);
      round_block(x + k, HWY_MIN(kBlock, cols - k), largest, codes + j % kRunBlocks * kBlock, d + j,
                  sum + j);
    }
    permute<kBits>(codes, q + run * kRunColumns);
  }
}

/// x^ as float32, for float weights.
inline void round_values(const float* HWY_RESTRICT x, std::size_t cols, float largest,
                         float* HWY_RESTRICT y) {
  for (std::size_t k = 0; k < cols; k += kBlock) {
    const std::size_t n = HWY_MIN(kBlock, cols - k);
    std::int16_t codes[kBlock];
    float d;
    float sum;
    round_block(x + k, n, largest, codes, &d, &sum);
    for (std::size_t i = 0; i < n; ++i) y[k + i] = static_cast<float>(codes[i]) * d;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
