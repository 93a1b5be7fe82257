// Sixteen weights at a time as float32 lanes: exact widening of floats, fma(scale, q, bias) for
// affine codes. One struct per format, all of one shape, so that the row and panel loops are
// written once.
#if defined(FIDELIO_KERNELS_SIMD_DECODE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_DECODE_INL_H_
#undef FIDELIO_KERNELS_SIMD_DECODE_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_DECODE_INL_H_
#endif

#include "kernels/simd/lanes-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

/// Plain floats: kBytes per weight, block(i) is the 16 weights from index 16 i.
struct DecodeF32 {
  static constexpr std::size_t kBytes = 4;
  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p) {
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      v.part[i] =
          hn::BitCast(DF(), hn::LoadU(hn::Repartition<std::uint8_t, DF>(),
                                      reinterpret_cast<const std::uint8_t*>(p) + 4 * i * kWidth));
    }
    return v;
  }
};

struct DecodeBf16 {
  static constexpr std::size_t kBytes = 2;
  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p) {
    const hn::Rebind<std::uint16_t, DF> d16;
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      const auto half = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p) + i * kWidth);
      v.part[i] = hn::BitCast(DF(), hn::ShiftLeft<16>(hn::PromoteTo(DU(), half)));
    }
    return v;
  }
};

struct DecodeF16 {
  static constexpr std::size_t kBytes = 2;
  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p) {
    const hn::Rebind<hwy::float16_t, DF> d16;
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      v.part[i] = hn::PromoteTo(
          DF(), hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(p) + i * kWidth));
    }
    return v;
  }
};

/// A group's scale and bias, ready for lookups: on AVX-512 the 16 values of a 4-bit code in one
/// register.
struct DecodeAffine4 {
  static constexpr std::size_t kBlockBytes = 8;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  using Group = __m512;
  static HWY_INLINE Group group(float scale, float bias) {
    const __m512 codes = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_fmadd_ps(_mm512_set1_ps(scale), codes, _mm512_set1_ps(bias));
  }
  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p, const Group& table) {
    long long word;
    std::memcpy(&word, p, sizeof(word));
    V16 v;
#if HWY_TARGET == HWY_AVX3_DL
    // Byte 0 of 32-bit lane l becomes bits [4 l, 4 l + 8) of the word; the permute reads its low 4
    // bits.
    const __m512i shifts = _mm512_setr_epi64(
        0x0000000400000000, 0x0000000C00000008, 0x0000001400000010, 0x0000001C00000018,
        0x0000002400000020, 0x0000002C00000028, 0x0000003400000030, 0x0000003C00000038);
    const __m512i index = _mm512_multishift_epi64_epi8(shifts, _mm512_set1_epi64(word));
#else
    const __m512i shifts = _mm512_setr_epi64(0, 4, 8, 12, 16, 20, 24, 28);
    const __m512i order = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    const __m512i pairs =
        _mm512_srlv_epi64(_mm512_set1_epi64(word), shifts);  // lanes i and i + 8 side by side
    const __m512i index = _mm512_permutexvar_epi32(order, pairs);
#endif
    v.part[0].raw = _mm512_permutexvar_ps(index, table);
    return v;
  }
#else
  struct Group {
    VF scale;
    VF bias;
  };
  static HWY_INLINE Group group(float scale, float bias) {
    return {hn::Set(DF(), scale), hn::Set(DF(), bias)};
  }
  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p, const Group& g) {
    alignas(32) static constexpr std::uint32_t kShifts[8] = {0, 4, 8, 12, 16, 20, 24, 28};
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      std::uint32_t word;
      std::memcpy(&word, p + 4 * (i * kWidth / 8), sizeof(word));
      const auto shifts = hn::LoadU(DU(), kShifts + i * kWidth % 8);
      const auto code = hn::And(hn::Shr(hn::Set(DU(), word), shifts), hn::Set(DU(), 15));
      v.part[i] = hn::MulAdd(g.scale, hn::ConvertTo(DF(), hn::BitCast(DI(), code)), g.bias);
    }
    return v;
  }
#endif
};

struct DecodeAffine8 {
  static constexpr std::size_t kBlockBytes = 16;
  struct Group {
    VF scale;
    VF bias;
  };
  static HWY_INLINE Group group(float scale, float bias) {
    return {hn::Set(DF(), scale), hn::Set(DF(), bias)};
  }
  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p, const Group& g) {
    const hn::Rebind<std::uint8_t, DF> d8;
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      const auto code = hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(p) + i * kWidth);
      v.part[i] = hn::MulAdd(g.scale, hn::ConvertTo(DF(), hn::PromoteTo(DI(), code)), g.bias);
    }
    return v;
  }
};

/// Widens n <= 32 scales (or biases) into `out`, reading exactly n.
template <class Decoder>
HWY_INLINE void widen_scales(const std::byte* HWY_RESTRICT scales, std::size_t n,
                             float* HWY_RESTRICT out) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) store16(Decoder::block(scales + i * Decoder::kBytes), out + i);
  if (i == n) return;
  alignas(64) std::byte padded[64] = {};
  std::memcpy(padded, scales + i * Decoder::kBytes, (n - i) * Decoder::kBytes);
  store16(Decoder::block(padded), out + i);
}

HWY_INLINE void widen_scales(const std::byte* HWY_RESTRICT scales, ScaleType type, std::size_t n,
                             float* HWY_RESTRICT out) {
  switch (type) {
    case ScaleType::f32:
      return widen_scales<DecodeF32>(scales, n, out);
    case ScaleType::f16:
      return widen_scales<DecodeF16>(scales, n, out);
    case ScaleType::bf16:
      return widen_scales<DecodeBf16>(scales, n, out);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
