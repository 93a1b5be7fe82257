// GGUF's blocks as float32 lanes: a block is loaded once, scale and all, and gives its weights
// sixteen at a time. What the bits mean is kernels/weight_value.h. No load leaves the block.
#if defined(FIDELIO_KERNELS_SIMD_DECODE_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_DECODE_BLOCKS_INL_H_
#undef FIDELIO_KERNELS_SIMD_DECODE_BLOCKS_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_DECODE_BLOCKS_INL_H_
#endif

#include "kernels/simd/decode_affine-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

/// The binary16 number at p in every lane.
HWY_INLINE VF broadcast_f16(const std::byte* p) {
  std::uint16_t bits;
  std::memcpy(&bits, p, sizeof(bits));
  const auto halves = hn::Set(hn::Rebind<std::uint16_t, DF>(), bits);
  return hn::PromoteTo(DF(), hn::BitCast(hn::Rebind<hwy::float16_t, DF>(), halves));
}

/// 16 neighbouring int8 codes as floats, times `scale`.
HWY_INLINE V16 scaled_int8(const std::int8_t* HWY_RESTRICT codes, VF scale) {
  const hn::Rebind<std::int8_t, DF> d8;
  V16 v;
  HWY_UNROLL(4)
  for (std::size_t i = 0; i < kParts; ++i) {
    const auto code = hn::PromoteTo(DI(), hn::LoadU(d8, codes + i * kWidth));
    v.part[i] = hn::Mul(hn::ConvertTo(DF(), code), scale);
  }
  return v;
}

struct DecodeQ8_0 {
  static constexpr std::size_t kElements = 32;
  static constexpr std::size_t kBytes = 34;
  struct Block {
    const std::int8_t* codes;
    VF scale;
  };
  static HWY_INLINE Block load(const std::byte* HWY_RESTRICT p) {
    return {reinterpret_cast<const std::int8_t*>(p + 2), broadcast_f16(p)};
  }
  static HWY_INLINE V16 values(const Block& b, std::size_t i) {
    return scaled_int8(b.codes + 16 * i, b.scale);
  }
};

// The formats of 32 four-bit codes, low nibbles first 16: where their codes begin, their scale, and
// the number of each code, an integer.
struct Q4_0 {
  static constexpr std::size_t kCodes = 2;
  static constexpr bool kHasBias = false;
  alignas(16) static constexpr std::int8_t kNumbers[16] = {-8, -7, -6, -5, -4, -3, -2, -1,
                                                           0,  1,  2,  3,  4,  5,  6,  7};
  static HWY_INLINE VF scale(const std::byte* p) { return broadcast_f16(p); }
  static HWY_INLINE VF bias(const std::byte*) { return hn::Zero(DF()); }
};
struct Q4_1 {
  static constexpr std::size_t kCodes = 4;
  static constexpr bool kHasBias = true;
  alignas(16) static constexpr std::int8_t kNumbers[16] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                           8, 9, 10, 11, 12, 13, 14, 15};
  static HWY_INLINE VF scale(const std::byte* p) { return broadcast_f16(p); }
  static HWY_INLINE VF bias(const std::byte* p) { return broadcast_f16(p + 2); }
};
struct Mxfp4Blocks {
  static constexpr std::size_t kCodes = 1;
  static constexpr bool kHasBias = false;
  alignas(16) static constexpr std::int8_t kNumbers[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                                           0, -1, -2, -3, -4, -6, -8, -12};
  static HWY_INLINE VF scale(const std::byte* p) {
    return hn::Set(DF(), contract::half_e8m0(std::to_integer<std::uint8_t>(*p)));
  }
  static HWY_INLINE VF bias(const std::byte*) { return hn::Zero(DF()); }
};

template <class Kind>
struct DecodeNibbleHalves {
  static constexpr std::size_t kElements = 32;
  static constexpr std::size_t kBytes = Kind::kCodes + 16;
  using VU = hn::Vec<DU>;

  static HWY_INLINE VF value(VF number, VF scale, VF bias) {
    return Kind::kHasBias ? hn::MulAdd(scale, number, bias) : hn::Mul(scale, number);
  }

#if FIDELIO_AFFINE_AVX512
  /// The values of the 16 codes, and the codes: one in the low, one in the next four bits.
  struct Block {
    VF table;
    VU codes;
  };
  static HWY_INLINE Block load(const std::byte* HWY_RESTRICT p) {
    const hn::Rebind<std::uint8_t, DF> d8;
    const auto numbers =
        hn::PromoteTo(DI(), hn::Load(hn::Rebind<std::int8_t, DF>(), Kind::kNumbers));
    const auto bytes = hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(p + Kind::kCodes));
    return {value(hn::ConvertTo(DF(), numbers), Kind::scale(p), Kind::bias(p)),
            hn::PromoteTo(DU(), bytes)};
  }
  static HWY_INLINE V16 values(const Block& b, std::size_t i) {
    const VU codes = i == 0 ? b.codes : hn::ShiftRight<4>(b.codes);
    V16 v;
    v.part[0].raw = _mm512_permutexvar_ps(codes.raw, b.table.raw);  // reads the low four bits
    return v;
  }
#else
  /// Part i of the codes: one in the low, one in the next four bits of each lane.
  struct Block {
    VF scale;
    VF bias;
    VU codes[kParts];
  };
  static HWY_INLINE Block load(const std::byte* HWY_RESTRICT p) {
    const hn::Rebind<std::uint8_t, DF> d8;
    Block b;
    b.scale = Kind::scale(p);
    b.bias = Kind::bias(p);
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(p + Kind::kCodes);
      b.codes[i] = hn::PromoteTo(DU(), hn::LoadU(d8, bytes + i * kWidth));
    }
    return b;
  }
  static HWY_INLINE V16 values(const Block& b, std::size_t i) {
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t part = 0; part < kParts; ++part) {
      const VU code =
          i == 0 ? hn::And(b.codes[part], hn::Set(DU(), 15)) : hn::ShiftRight<4>(b.codes[part]);
      const auto number = hn::Sub(hn::BitCast(DI(), code), hn::Set(DI(), -Kind::kNumbers[0]));
      v.part[part] = value(hn::ConvertTo(DF(), number), b.scale, b.bias);
    }
    return v;
  }
#endif
};

#if FIDELIO_AFFINE_AVX512
using DecodeMxfp4Blocks = DecodeNibbleHalves<Mxfp4Blocks>;
#else
/// Numbers that are not in the order of their codes are looked up as bytes.
struct DecodeMxfp4Blocks {
  static constexpr std::size_t kElements = 32;
  static constexpr std::size_t kBytes = 17;
  using D8 = hn::Full128<std::int8_t>;
  struct Block {
    VF scale;
    hn::Vec<D8> low;  ///< numbers of the first 16 codes
    hn::Vec<D8> high;
  };
  static HWY_INLINE Block load(const std::byte* HWY_RESTRICT p) {
    const hn::Full128<std::uint8_t> d8;
    const auto bytes =
        hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(p + Mxfp4Blocks::kCodes));
    const auto numbers = hn::Load(D8(), Mxfp4Blocks::kNumbers);
    const auto low = hn::BitCast(D8(), hn::And(bytes, hn::Set(d8, 15)));
    const auto high = hn::BitCast(D8(), hn::ShiftRight<4>(bytes));
    return {Mxfp4Blocks::scale(p), hn::TableLookupBytes(numbers, low),
            hn::TableLookupBytes(numbers, high)};
  }
  static HWY_INLINE V16 values(const Block& b, std::size_t i) {
    V16 v;
    set_parts<0>(b, i == 0 ? b.low : b.high, v);
    return v;
  }

 private:
  template <std::size_t kPart>
  static HWY_INLINE void set_parts(const Block& b, hn::Vec<D8> numbers, V16& v) {
    const auto half = hn::LowerHalf(hn::ShiftRightBytes<kPart * kWidth>(D8(), numbers));
    if constexpr (kParts == 2) {
      v.part[kPart] = hn::Mul(hn::ConvertTo(DF(), hn::PromoteTo(DI(), half)), b.scale);
    } else {
      const auto quarter = hn::LowerHalf(half);
      v.part[kPart] = hn::Mul(hn::ConvertTo(DF(), hn::PromoteTo(DI(), quarter)), b.scale);
    }
    if constexpr (kPart + 1 < kParts) set_parts<kPart + 1>(b, numbers, v);
  }
};
#endif

/// Six bits in two places: all 256 codes are put together as bytes first.
struct DecodeQ6K {
  static constexpr std::size_t kElements = 256;
  static constexpr std::size_t kBytes = 210;
  using D8 = hn::CappedTag<std::uint8_t, 32>;
  struct Block {
    alignas(64) std::int8_t codes[kElements];
    alignas(64) float scale[16];
  };

  static HWY_INLINE Block load(const std::byte* HWY_RESTRICT p) {
    using Layout = contract::Q6kLayout;
    Block b;
    const auto* scales = reinterpret_cast<const std::int8_t*>(p + Layout::kScales);
    store16(scaled_int8(scales, broadcast_f16(p + Layout::kD)), b.scale);  // exact products
    const auto* low = reinterpret_cast<const std::uint8_t*>(p);
    const auto* high = low + Layout::kHigh;
    for (std::size_t half = 0; half < 2; ++half) {
      for (std::size_t i = 0; i < 32; i += hn::MaxLanes(D8()))
        put_together(low + 64 * half + i, high + 32 * half + i, b.codes + 128 * half + i);
    }
    return b;
  }
  static HWY_INLINE V16 values(const Block& b, std::size_t i) {
    return scaled_int8(b.codes + 16 * i, hn::Set(DF(), b.scale[i]));
  }

 private:
  /// Codes 0, 32, 64 and 96 further on from one place of `high` and two of `low`.
  static HWY_INLINE void put_together(const std::uint8_t* HWY_RESTRICT low,
                                      const std::uint8_t* HWY_RESTRICT high,
                                      std::int8_t* HWY_RESTRICT codes) {
    const D8 d;
    const hn::RebindToSigned<D8> di;
    const auto l0 = hn::LoadU(d, low);
    const auto l1 = hn::LoadU(d, low + 32);
    const auto h = hn::LoadU(d, high);
    const auto nibble = hn::Set(d, 15);
    const auto put = [&](auto four, auto two, std::size_t at) HWY_ATTR {
      const auto code = hn::BitCast(di, hn::Or(four, hn::And(two, hn::Set(d, 0x30))));
      hn::StoreU(hn::Sub(code, hn::Set(di, 32)), di, codes + at);
    };
    put(hn::And(l0, nibble), hn::ShiftLeft<4>(h), 0);
    put(hn::And(l1, nibble), hn::ShiftLeft<2>(h), 32);
    put(hn::ShiftRight<4>(l0), h, 64);
    put(hn::ShiftRight<4>(l1), hn::ShiftRight<2>(h), 96);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
