// MXFP4 with its scales apart: sixteen E2M1 codes at a time as float32 lanes, each times its
// group's scale. The codes lie as affine ones of 4 bits do. MXFP4 in GGUF's blocks is
// decode_blocks-inl.h.
#if defined(FIDELIO_KERNELS_SIMD_DECODE_MXFP4_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_DECODE_MXFP4_INL_H_
#undef FIDELIO_KERNELS_SIMD_DECODE_MXFP4_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_DECODE_MXFP4_INL_H_
#endif

#include "kernels/simd/decode_affine-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

/// Scales of one byte: 2^(s - 127). A shift makes every one but s = 0, which is subnormal.
struct DecodeE8m0 {
  static constexpr std::size_t kBytes = 1;
  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p) {
    const hn::Rebind<std::uint8_t, DF> d8;
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      const auto s =
          hn::PromoteTo(DU(), hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(p) + i * kWidth));
      const auto bits = hn::IfThenElse(hn::Eq(s, hn::Zero(DU())), hn::Set(DU(), 0x00400000U),
                                       hn::ShiftLeft<23>(s));
      v.part[i] = hn::BitCast(DF(), bits);
    }
    return v;
  }
};

/// A group's scaled values are a table of 16 (AVX-512) or of the 8 without sign (AVX2), looked up
/// by the code; elsewhere the code's bits are made a float's.
struct DecodeMxfp4 {
  static constexpr std::size_t kBlockBytes = 8;
  static constexpr bool kHasBiases = false;
  using Codes = DecodeAffine<4>;
  using VU = hn::Vec<DU>;

  struct Group {
    VF scaled;  ///< the table, or the scale
  };
  static HWY_INLINE Group group(float scale, float) {
    const VF s = hn::Set(DF(), scale);
#if HWY_ARCH_X86
    alignas(64) static constexpr float kTable[16] = {+0.0F, 0.5F,  1.0F,  1.5F,  2.0F,  3.0F,
                                                     4.0F,  6.0F,  -0.0F, -0.5F, -1.0F, -1.5F,
                                                     -2.0F, -3.0F, -4.0F, -6.0F};
    return {hn::Mul(hn::Load(DF(), kTable), s)};
#else
    return {s};
#endif
  }

  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p, const Group& g) {
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      const VU codes = Codes::low_bits(p, i);
#if FIDELIO_AFFINE_AVX512
      v.part[i].raw = _mm512_permutexvar_ps(codes.raw, g.scaled.raw);
#else
      const VF sign = hn::BitCast(DF(), hn::And(hn::ShiftLeft<28>(codes), hn::Set(DU(), 1U << 31)));
      v.part[i] = hn::Xor(scaled_magnitude(codes, g.scaled), sign);
#endif
    }
    return v;
  }

 private:
#if !FIDELIO_AFFINE_AVX512
  /// The numbers of codes' low three bits; the bits above are others'.
  static HWY_INLINE VF scaled_magnitude(VU codes, VF scaled) {
#if HWY_TARGET == HWY_AVX2
    return VF{_mm256_permutevar8x32_ps(scaled.raw, codes.raw)};
#else
    const VU m = hn::And(codes, hn::Set(DU(), 7));
    // Two bits of exponent and one of mantissa; below 2 the number is m / 2.
    const VF normal = hn::BitCast(DF(), hn::Add(hn::ShiftLeft<22>(m), hn::Set(DU(), 126U << 23)));
    const VF small = hn::Mul(hn::ConvertTo(DF(), hn::BitCast(DI(), m)), hn::Set(DF(), 0.5F));
    const auto is_small = hn::RebindMask(DF(), hn::Lt(hn::BitCast(DI(), m), hn::Set(DI(), 2)));
    return hn::Mul(hn::IfThenElse(is_small, small, normal), scaled);
#endif
  }
#endif
};

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
