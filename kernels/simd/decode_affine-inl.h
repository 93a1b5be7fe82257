// Sixteen affine codes at a time as float32 lanes: fma(scale, q, bias). Up to 5 bits AVX-512 looks
// a group's values up in a table; all else converts the codes. Float formats are in decode-inl.h.
#if defined(FIDELIO_KERNELS_SIMD_DECODE_AFFINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_DECODE_AFFINE_INL_H_
#undef FIDELIO_KERNELS_SIMD_DECODE_AFFINE_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_DECODE_AFFINE_INL_H_
#endif

#include "kernels/simd/lanes-inl.h"

#undef FIDELIO_AFFINE_AVX512
#define FIDELIO_AFFINE_AVX512 (HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL)

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

/// Where the 16 codes of a block lie. Eight codes are kBits bytes, so each half of a block lies in
/// one word of 4 or 8 bytes: the first half's word begins with the block, the second's ends with
/// it. So no load leaves the block, and none the row.
template <unsigned kBits>
struct CodePlaces {
  static constexpr std::size_t kWordBytes =
      kBits < 4 || (kBits == 4 && !FIDELIO_AFFINE_AVX512) ? 4 : 8;
  using Word = hwy::UnsignedFromSize<kWordBytes>;
  static constexpr std::size_t kSecondWord = 2 * kBits - kWordBytes;  // its offset in the block

  alignas(64) std::uint32_t bit[16] = {};    ///< first bit of code l in its half's word
  alignas(64) std::uint32_t shift[16] = {};  ///< the same from the byte that it begins in
  alignas(64) std::uint8_t byte[64] = {};    ///< bytes 4 l ... 4 l + 3 are code l's, then others

  constexpr CodePlaces() {
    for (unsigned l = 0; l < 16; ++l) {
      bit[l] = l < 8 ? kBits * l : 8 * kWordBytes - kBits * (16 - l);
      shift[l] = bit[l] % 8;
      for (unsigned i = 0; i < 4; ++i)
        byte[4 * l + i] = static_cast<std::uint8_t>(HWY_MIN(bit[l] / 8 + i, kWordBytes - 1));
    }
  }
  static HWY_INLINE Word first_word(const std::byte* p) { return word(p); }
  static HWY_INLINE Word second_word(const std::byte* p) { return word(p + kSecondWord); }

 private:
  static HWY_INLINE Word word(const std::byte* p) {
    Word w;
    std::memcpy(&w, p, sizeof(w));
    return w;
  }
};

template <unsigned kBits>
constexpr CodePlaces<kBits> kCodePlaces{};

/// Codes of 2 to 6 bits; 8 bits are below.
template <unsigned kCodeBits>
struct DecodeAffine {
  static constexpr unsigned kBits = kCodeBits;
  static constexpr std::size_t kBlockBytes = 2 * kBits;
  static constexpr bool kHasBiases = true;
  static constexpr bool kLookup = FIDELIO_AFFINE_AVX512 && kBits <= 5;
  using VU = hn::Vec<DU>;
  using Places = CodePlaces<kBits>;

  /// What a group's codes have in common: its scale and bias or, for lookups, its values: those of
  /// codes 0 to 15 (repeated where there are fewer) and, with 5 bits, of 16 to 31.
  struct Group {
    VF scale_or_low;
    VF bias_or_high;
  };
  static HWY_INLINE Group group(float scale, float bias) {
    const VF s = hn::Set(DF(), scale);
    const VF b = hn::Set(DF(), bias);
    if constexpr (!kLookup) return {s, b};
    const auto lane = hn::Iota(DI(), 0);
    const VF low = hn::ConvertTo(DF(), hn::And(lane, hn::Set(DI(), HWY_MIN((1 << kBits) - 1, 15))));
    const VF high = hn::ConvertTo(DF(), hn::Add(lane, hn::Set(DI(), 16)));
    return {hn::MulAdd(s, low, b), kBits == 5 ? hn::MulAdd(s, high, b) : b};
  }

  static HWY_INLINE V16 block(const std::byte* HWY_RESTRICT p, const Group& g) {
    V16 v;
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      const VU codes = low_bits(p, i);
#if FIDELIO_AFFINE_AVX512
      if constexpr (kLookup) {
        // The lookups read the low 4 or 5 bits; bits beyond the code choose among equal values.
        v.part[i].raw =
            kBits == 5 ? _mm512_permutex2var_ps(g.scale_or_low.raw, codes.raw, g.bias_or_high.raw)
                       : _mm512_permutexvar_ps(codes.raw, g.scale_or_low.raw);
        continue;
      }
#endif
      const VU q = hn::And(codes, mask());
      v.part[i] =
          hn::MulAdd(g.scale_or_low, hn::ConvertTo(DF(), hn::BitCast(DI(), q)), g.bias_or_high);
    }
    return v;
  }

  /// Part i of the block's codes as integers.
  static HWY_INLINE VU codes(const std::byte* HWY_RESTRICT p, std::size_t i) {
    return hn::And(low_bits(p, i), mask());
  }

  /// The same, one in the low kBits of each lane; the bits above are others'.
  static HWY_INLINE VU low_bits(const std::byte* HWY_RESTRICT p, std::size_t i) {
    const auto& places = kCodePlaces<kBits>;
    const hn::Repartition<std::uint8_t, DF> d8;
    const std::size_t first = i * kWidth;  // lane
    const auto words = words_of(p, first);
#if HWY_TARGET == HWY_AVX3_DL
    if constexpr (Places::kWordBytes == 8) {
      // Byte 0 of lane l becomes bits [bit[l], bit[l] + 8) of the word around it.
      return VU{_mm512_multishift_epi64_epi8(_mm512_load_si512(places.bit), words.raw)};
    }
#endif
    if constexpr (Places::kWordBytes == 4) {
      return hn::Shr(words, hn::Load(DU(), places.bit + first));
    } else {
      const auto bytes =
          hn::TableLookupBytes(hn::BitCast(d8, words), hn::Load(d8, places.byte + 4 * first));
      return hn::Shr(hn::BitCast(DU(), bytes), hn::Load(DU(), places.shift + first));
    }
  }

 private:
  static HWY_INLINE VU mask() { return hn::Set(DU(), (1U << kBits) - 1U); }

  /// The word of its half in each lane (4 bytes) or pair of lanes (8 bytes) from lane `first`.
  static HWY_INLINE VU words_of(const std::byte* HWY_RESTRICT p, std::size_t first) {
#if FIDELIO_AFFINE_AVX512
    (void)first;
    if constexpr (Places::kWordBytes == 4) {
      const __m512i low = _mm512_set1_epi32(static_cast<int>(Places::first_word(p)));
      if (Places::kSecondWord == 0) return VU{low};
      const int second = static_cast<int>(Places::second_word(p));
      return VU{_mm512_mask_set1_epi32(low, 0xFF00, second)};
    } else {
      const __m512i low = _mm512_set1_epi64(static_cast<long long>(Places::first_word(p)));
      if (Places::kSecondWord == 0) return VU{low};
      const auto second = static_cast<long long>(Places::second_word(p));
      return VU{_mm512_mask_set1_epi64(low, 0xF0, second)};
    }
#else
    const hn::Repartition<typename Places::Word, DF> d;
    const auto word = first < 8 ? Places::first_word(p) : Places::second_word(p);
    return hn::BitCast(DU(), hn::Set(d, word));
#endif
  }
};

template <>
struct DecodeAffine<8> {
  static constexpr unsigned kBits = 8;
  static constexpr std::size_t kBlockBytes = 16;
  static constexpr bool kHasBiases = true;
  struct Group {
    VF scale;
    VF bias;
  };
  static HWY_INLINE Group group(float scale, float bias) {
    return {hn::Set(DF(), scale), hn::Set(DF(), bias)};
  }
  static HWY_INLINE hn::Vec<DU> codes(const std::byte* HWY_RESTRICT p, std::size_t i) {
    const hn::Rebind<std::uint8_t, DF> d8;
    return hn::PromoteTo(DU(),
                         hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(p) + i * kWidth));
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

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
