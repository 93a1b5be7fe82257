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
  alignas(64) std::int32_t order[kWidth];
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < kLaneBlocks; ++j)
      order[kLaneBlocks * i + j] = static_cast<std::int32_t>(4 * j + i);
  }
  return hn::TableLookupLanes(sums, hn::SetTableIndices(d, order));
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

/// A group's values for each of its blocks: lane l of part p is that of block p * kWidth + l.
struct Spread {
  std::size_t group_blocks;
  alignas(64) std::int32_t order[kWidth];

  explicit HWY_INLINE Spread(std::size_t group_size) : group_blocks(group_size / kBlock) {
    for (std::size_t l = 0; l < kWidth; ++l) order[l] = static_cast<std::int32_t>(l / group_blocks);
  }
  HWY_INLINE VF part(const float* HWY_RESTRICT values, std::size_t p) const {
    const VF v = hn::LoadU(DF(), values + p * kWidth / group_blocks);
    return hn::TableLookupLanes(v, hn::SetTableIndices(DF(), order));
  }
};

/// The bytes of a run that kernels may read whole: the row's own where they are, else a copy with
/// zeros behind the row's end, or the codes spread to bytes.
template <unsigned kBits>
HWY_INLINE const std::byte* run_codes(const WeightView& w, const std::byte* row, std::size_t first,
                                      std::size_t n, std::byte* HWY_RESTRICT copy) {
  const unsigned bits = affine_bits(w.format);
  const std::byte* p = row + first * kBlock * bits / 8;
  if (bits == kBits && n == kRunBlocks) return p;
  std::memset(copy, 0, kRunColumns);
  if (bits == kBits) {
    std::memcpy(copy, p, n * kBlock * bits / 8);
  } else {
    for (std::size_t i = 0; i < n * kBlock; ++i)
      copy[i] = static_cast<std::byte>(contract::affine_code(p, bits, i));
  }
  return copy;
}

/// One row of affine weights times a packed row.
template <unsigned kBits>
HWY_INLINE float rounded_dot(const WeightView& w, const Row& row, const PackedRow& x) {
  const std::size_t n_blocks = w.cols / kBlock;
  const Spread spread(w.group_size);
  // Zeros behind the last group, and a vector's width that a load may touch.
  alignas(64) float scale[kScaleBlock + 16] = {};
  alignas(64) float bias[kScaleBlock + 16] = {};
  alignas(64) std::byte copy[kRunColumns];
  V16 acc = zero16();
  for (std::size_t first = 0; first < n_blocks; first += kRunBlocks) {
    const std::size_t group = first / spread.group_blocks;
    if (group % kScaleBlock == 0) {
      const std::size_t n = HWY_MIN(kScaleBlock, n_blocks / spread.group_blocks - group);
      const std::size_t offset = group * scale_bytes(w.scale_type);
      widen_scales(row.scales + offset, w.scale_type, n, scale);
      widen_scales(row.biases + offset, w.scale_type, n, bias);
    }
    const std::size_t n = HWY_MIN(kRunBlocks, n_blocks - first);
    const std::byte* p = run_codes<kBits>(w, row.data, first, n, copy);
    for (std::size_t b = 0; b < kRunColumns * kBits / 8; b += 64) prefetch(p + b);
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kParts; ++i) {
      const std::size_t at = first + i * kWidth;
      const VF products =
          hn::ConvertTo(DF(), block_sums<kBits>(p + i * kWidth * 4 * kBits, x.q + at * kBlock));
      const VF offsets =
          hn::Mul(spread.part(bias + group % kScaleBlock, i), hn::LoadU(DF(), x.sum + at));
      const VF t = hn::MulAdd(spread.part(scale + group % kScaleBlock, i), products, offsets);
      acc.part[i] = hn::MulAdd(hn::LoadU(DF(), x.d + at), t, acc.part[i]);
    }
  }
  return reduce16(acc);
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
