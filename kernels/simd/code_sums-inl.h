// Rows of affine codes times rounded activations: exact integer sums per block of 32, then the
// float part in 16 lanes of blocks (contract: gather_matmul_rounded.h). Codes of 4 and 8 bits are
// multiplied as they lie; those of other widths are first spread to a byte each.
#if defined(FIDELIO_KERNELS_SIMD_CODE_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_CODE_SUMS_INL_H_
#undef FIDELIO_KERNELS_SIMD_CODE_SUMS_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_CODE_SUMS_INL_H_
#endif

#include "kernels/simd/rounded_x-inl.h"
#include "kernels/simd/rows-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

using DI16 = hn::Repartition<std::int16_t, DF>;
using DU16 = hn::Repartition<std::uint16_t, DF>;
constexpr std::size_t kVectorBytes = 4 * kWidth;

template <unsigned kBits, unsigned kPlane>
HWY_INLINE hn::Vec<DI16> plane(hn::Vec<DU16> words) {
  auto codes = words;
  if constexpr (kPlane > 0) codes = hn::ShiftRight<kBits * kPlane>(codes);
  if constexpr (kBits * (kPlane + 1) < 16)
    codes = hn::And(codes, hn::Set(DU16(), (1U << kBits) - 1U));
  return hn::BitCast(DI16(), codes);
}

/// Sums of a vector of weight codes times their activations. The lanes of 128 bits stay apart; how
/// a lane's four parts are made up is the processor's affair, since the sums are exact.
template <unsigned kBits>
HWY_INLINE VI lane_products(const std::byte* HWY_RESTRICT p, const std::int16_t* HWY_RESTRICT q) {
  const hn::Repartition<std::uint8_t, DF> d8;
  const auto words = hn::BitCast(DU16(), hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(p)));
  VI sum = hn::Zero(DI());
  VI other = hn::Zero(DI());
  const auto add = [&](hn::Vec<DI16> codes, std::size_t r) HWY_ATTR {
    sum = hn::ReorderWidenMulAccumulate(DI(), codes, hn::LoadU(DI16(), q + r * 2 * kWidth), sum,
                                        other);
  };
  add(plane<kBits, 0>(words), 0);
  add(plane<kBits, 1>(words), 1);
  if constexpr (kBits == 4) {
    add(plane<kBits, 2>(words), 2);
    add(plane<kBits, 3>(words), 3);
  }
  return hn::Add(sum, other);
}

/// Where the sum of 128-bit lane j of vector i is found, for every i and j in the order of memory.
struct LaneOrder {
  alignas(64) std::int32_t lane[kWidth] = {};
  constexpr LaneOrder() {
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < kLaneBlocks; ++j)
        lane[kLaneBlocks * i + j] = static_cast<std::int32_t>(4 * j + i);
    }
  }
};
constexpr LaneOrder kLaneOrder{};

/// The lanes' sums of four neighbouring vectors, in the order of memory.
HWY_INLINE VI sums_of_lanes(const VI (&v)[4]) {
  const DI d;
  const hn::Repartition<std::int64_t, DF> d64;
  const auto pairs = [&](VI a, VI b) HWY_ATTR {
    return hn::BitCast(d64, hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)));
  };
  const auto low = pairs(v[0], v[1]);
  const auto high = pairs(v[2], v[3]);
  const VI sums = hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, low, high)),
                          hn::BitCast(d, hn::InterleaveUpper(d64, low, high)));
  if constexpr (kLaneBlocks == 1) return sums;
  return hn::TableLookupLanes(sums, hn::SetTableIndices(d, kLaneOrder.lane));
}

/// P of kWidth blocks. With 4 bits 128 bits hold one block, with 8 bits half of one.
template <unsigned kBits>
HWY_INLINE VI block_sums(const std::byte* HWY_RESTRICT p, const std::int16_t* HWY_RESTRICT q) {
  constexpr std::size_t kVectorCodes = 8 * kVectorBytes / kBits;
  VI v[4];
  HWY_UNROLL(4)
  for (std::size_t i = 0; i < 4; ++i)
    v[i] = lane_products<kBits>(p + i * kVectorBytes, q + i * kVectorCodes);
  const VI first = sums_of_lanes(v);
  if constexpr (kBits == 4) return first;
  HWY_UNROLL(4)
  for (std::size_t i = 0; i < 4; ++i)
    v[i] = lane_products<kBits>(p + (4 + i) * kVectorBytes, q + (4 + i) * kVectorCodes);
  const VI second = sums_of_lanes(v);
  return hn::Add(hn::ConcatEven(DI(), second, first), hn::ConcatOdd(DI(), second, first));
}

/// Lane l is of group l >> shift of those that a vector of blocks belongs to.
struct GroupOfLane {
  alignas(64) std::int32_t group[3][kWidth] = {};
  constexpr GroupOfLane() {
    for (std::size_t shift = 0; shift < 3; ++shift) {
      for (std::size_t l = 0; l < kWidth; ++l)
        group[shift][l] = static_cast<std::int32_t>(l >> shift);
    }
  }
};
constexpr GroupOfLane kGroupOfLane{};

/// The groups' values for kWidth blocks, groups being 1 << shift blocks.
HWY_INLINE VF spread(const float* HWY_RESTRICT values, std::size_t shift) {
  return hn::TableLookupLanes(hn::LoadU(DF(), values),
                              hn::SetTableIndices(DF(), kGroupOfLane.group[shift]));
}

/// n * 32 codes of any width as bytes.
HWY_INLINE void spread_codes(const WeightView& w, const std::byte* HWY_RESTRICT p, std::size_t n,
                             std::byte* HWY_RESTRICT out) {
  with_decoder(w.format, [&](auto decoder) HWY_ATTR {
    using Decoder = decltype(decoder);
    if constexpr (AffineDecoder<Decoder>) {
      const hn::Rebind<std::uint8_t, DF> d8;
      for (std::size_t b = 0; b < 2 * n; ++b) {
        for (std::size_t i = 0; i < kParts; ++i) {
          const auto codes = hn::BitCast(DI(), Decoder::codes(p + b * Decoder::kBlockBytes, i));
          hn::StoreU(hn::DemoteTo(d8, codes), d8,
                     reinterpret_cast<std::uint8_t*>(out) + 16 * b + i * kWidth);
        }
      }
    }
  });
}

/// n blocks of codes as bytes that kernels may read as a whole run: their own where they are one,
/// else a copy with zeros behind the row's end, or the codes spread to bytes.
template <unsigned kBits>
HWY_INLINE const std::byte* run_codes(const WeightView& w, const std::byte* p, std::size_t n,
                                      std::byte* HWY_RESTRICT copy) {
  const bool as_they_lie = affine_bits(w.format) == kBits;
  if (as_they_lie && n == kRunBlocks) return p;
  if (n < kRunBlocks) std::memset(copy, 0, kRunColumns);
  if (as_they_lie) {
    std::memcpy(copy, p, n * kBlock * kBits / 8);
  } else {
    spread_codes(w, p, n, copy);
  }
  return copy;
}

/// The widened scales and biases of kScaleBlock groups of one row; behind them a vector's width
/// that a load may touch.
struct GroupValues {
  alignas(64) float scale[kScaleBlock + 16] = {};
  alignas(64) float bias[kScaleBlock + 16] = {};

  HWY_INLINE void widen(const WeightView& w, const Row& row, std::size_t group) {
    const std::size_t n = HWY_MIN(kScaleBlock, w.cols / w.group_size - group);
    const std::size_t offset = group * scale_bytes(w.scale_type);
    widen_scales(row.scales + offset, w.scale_type, n, scale);
    widen_scales(row.biases + offset, w.scale_type, n, bias);
  }
};

/// acc + what a run of up to 16 blocks from block `first` of one row adds to it; `scale` and `bias`
/// begin with the run's first group.
template <unsigned kBits>
HWY_INLINE V16 add_run(const WeightView& w, const Row& row, std::size_t first,
                       const float* HWY_RESTRICT scale, const float* HWY_RESTRICT bias,
                       std::size_t shift, V16 acc) {
  alignas(64) std::byte copy[kRunColumns];
  const PackedRow x = PackedRow::at(reinterpret_cast<const std::byte*>(row.x), w.cols);
  const std::size_t block_bytes = kBlock * affine_bits(w.format) / 8;
  const std::byte* p = row.data + first * block_bytes;
  for (std::size_t b = 0; b < kRunBlocks * block_bytes; b += 64) prefetch(p + b);
  p = run_codes<kBits>(w, p, HWY_MIN(kRunBlocks, w.cols / kBlock - first), copy);
  HWY_UNROLL(4)
  for (std::size_t i = 0; i < kParts; ++i) {
    const std::size_t at = first + i * kWidth;
    const std::size_t g = i * kWidth >> shift;
    const VF products =
        hn::ConvertTo(DF(), block_sums<kBits>(p + i * kWidth * 4 * kBits, x.q + at * kBlock));
    const VF offsets = hn::Mul(spread(bias + g, shift), hn::LoadU(DF(), x.sum + at));
    const VF t = hn::MulAdd(spread(scale + g, shift), products, offsets);
    acc.part[i] = hn::MulAdd(hn::LoadU(DF(), x.d + at), t, acc.part[i]);
  }
  return acc;
}

/// Four rows of affine weights times a packed row each, run by run, so that four streams are read
/// side by side. Row::x is the packed row.
template <unsigned kBits>
void rounded_rows(const Row (&rows)[kStreams], const WeightView& w, float (&out)[kStreams]) {
  const std::size_t shift = w.group_size == 32 ? 0 : w.group_size == 64 ? 1 : 2;
  GroupValues values[kStreams];
  V16 acc[kStreams];
  for (std::size_t s = 0; s < kStreams; ++s) acc[s] = zero16();
  for (std::size_t first = 0; first < w.cols / kBlock; first += kRunBlocks) {
    const std::size_t group = first >> shift;
    const std::size_t g = group % kScaleBlock;
    for (std::size_t s = 0; s < kStreams; ++s) {
      if (g == 0) values[s].widen(w, rows[s], group);
      acc[s] =
          add_run<kBits>(w, rows[s], first, values[s].scale + g, values[s].bias + g, shift, acc[s]);
    }
  }
  for (std::size_t s = 0; s < kStreams; ++s) out[s] = reduce16(acc[s]);
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
