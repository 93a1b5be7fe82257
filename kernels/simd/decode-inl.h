// Sixteen weights at a time as float32 lanes, and which struct does it for which format. The
// structs of the float formats, an exact widening each, are here; those of codes with scales apart
// in decode_affine-inl.h and decode_mxfp4-inl.h, those of blocks that carry their scales in
// decode_blocks-inl.h. Each of the three is of one shape: three row loops and three panel loops.
#if defined(FIDELIO_KERNELS_SIMD_DECODE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_DECODE_INL_H_
#undef FIDELIO_KERNELS_SIMD_DECODE_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_DECODE_INL_H_
#endif

#include "kernels/simd/decode_affine-inl.h"
#include "kernels/simd/decode_blocks-inl.h"
#include "kernels/simd/decode_mxfp4-inl.h"

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
    case ScaleType::e8m0:
      return widen_scales<DecodeE8m0>(scales, n, out);
  }
}

/// Codes whose groups' scales (and biases) lie apart.
template <class Decoder>
concept GroupDecoder = requires {
  Decoder::kHasBiases;
};

/// Of these the ones whose codes are plain numbers.
template <class Decoder>
concept AffineDecoder = requires {
  Decoder::kBits;
};

/// Blocks that carry their scales: kElements weights in kBytes.
template <class Decoder>
concept BlockDecoder = requires {
  Decoder::kElements;
};

/// visit(decoder) for the decoder of `format`: the one place that maps formats to decoders.
template <class Visit>
HWY_INLINE auto with_decoder(WeightFormat format, const Visit& visit) {
  switch (format) {
    case WeightFormat::f16:
      return visit(DecodeF16());
    case WeightFormat::bf16:
      return visit(DecodeBf16());
    case WeightFormat::affine2:
      return visit(DecodeAffine<2>());
    case WeightFormat::affine3:
      return visit(DecodeAffine<3>());
    case WeightFormat::affine4:
      return visit(DecodeAffine<4>());
    case WeightFormat::affine5:
      return visit(DecodeAffine<5>());
    case WeightFormat::affine6:
      return visit(DecodeAffine<6>());
    case WeightFormat::affine8:
      return visit(DecodeAffine<8>());
    case WeightFormat::mxfp4:
      return visit(DecodeMxfp4());
    case WeightFormat::q8_0:
      return visit(DecodeQ8_0());
    case WeightFormat::q4_0:
      return visit(DecodeNibbleHalves<Q4_0>());
    case WeightFormat::q4_1:
      return visit(DecodeNibbleHalves<Q4_1>());
    case WeightFormat::q6_k:
      return visit(DecodeQ6K());
    case WeightFormat::mxfp4_blocks:
      return visit(DecodeMxfp4Blocks());
    case WeightFormat::f32:
      break;
  }
  return visit(DecodeF32());
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
