// Matrix-vector products: many rows, each times a vector, walked as four long streams from distant
// ranges with software prefetch (docs/numerics.md has the measurements). The same loop serves dense
// rows and the selected experts' rows: a RowSource says where row r lies, which x it meets and
// where its result goes.
#if defined(FIDELIO_KERNELS_SIMD_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_ROWS_INL_H_
#undef FIDELIO_KERNELS_SIMD_ROWS_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_ROWS_INL_H_
#endif

#include "hwy/cache_control.h"
#include "kernels/simd/decode-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

constexpr std::size_t kStreams =
    4;  // rows in flight: one is bound by FMA latency, eight gain nothing
constexpr std::size_t kPrefetchBytes = 1024;  // ahead in each stream
constexpr std::size_t kScaleBlock = 32;       // groups whose scales are widened at a time

/// One row in flight.
struct Row {
  const std::byte* data;
  const std::byte* scales;
  const std::byte* biases;
  const float* x;
};

HWY_INLINE Row row_of(const WeightView& w, std::size_t row, const float* x) {
  const std::size_t scale_row = row * w.scale_stride;
  return {w.data + row * w.row_stride, w.scales + scale_row, w.biases + scale_row, x};
}

HWY_INLINE void prefetch(const std::byte* p) { hwy::Prefetch(p + kPrefetchBytes); }

/// R rows of plain floats; w.cols may be any number.
template <class Decoder, std::size_t R>
HWY_INLINE void dot_float_rows(const Row (&rows)[R], std::size_t cols, V16 (&acc)[R]) {
  std::size_t k = 0;
  for (; k + 16 <= cols; k += 16) {
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < R; ++r) {
      const std::byte* p = rows[r].data + k * Decoder::kBytes;
      prefetch(p);
      acc[r] = fma16(Decoder::block(p), load16(rows[r].x + k), acc[r]);
    }
  }
  if (k == cols) return;
  for (std::size_t r = 0; r < R; ++r) {
    alignas(64) std::byte padded[64] = {};
    std::memcpy(padded, rows[r].data + k * Decoder::kBytes, (cols - k) * Decoder::kBytes);
    acc[r] = fma16(Decoder::block(padded), load16_padded(rows[r].x + k, cols - k), acc[r]);
  }
}

/// R rows of codes in groups of 16 * kBlocks.
template <class Decoder, std::size_t kBlocks, std::size_t R>
HWY_INLINE void dot_group_rows(const Row (&rows)[R], const WeightView& w, V16 (&acc)[R]) {
  const std::size_t n_groups = w.cols / (16 * kBlocks);
  alignas(64) float scale[R][kScaleBlock];
  alignas(64) float bias[R][kScaleBlock];  // unused where there are none
  for (std::size_t first = 0; first < n_groups; first += kScaleBlock) {
    const std::size_t n = HWY_MIN(kScaleBlock, n_groups - first);
    const std::size_t offset = first * scale_bytes(w.scale_type);
    for (std::size_t r = 0; r < R; ++r) {
      widen_scales(rows[r].scales + offset, w.scale_type, n, scale[r]);
      if (Decoder::kHasBiases) widen_scales(rows[r].biases + offset, w.scale_type, n, bias[r]);
    }
    for (std::size_t g = 0; g < n; ++g) {
      const std::size_t block = (first + g) * kBlocks;
      HWY_UNROLL(4)
      for (std::size_t r = 0; r < R; ++r) {
        const std::byte* p = rows[r].data + block * Decoder::kBlockBytes;
        const float* x = rows[r].x + block * 16;
        prefetch(p);
        if (kBlocks * Decoder::kBlockBytes > 64) prefetch(p + 64);
        const auto table = Decoder::group(scale[r][g], Decoder::kHasBiases ? bias[r][g] : 0.0F);
        HWY_UNROLL(8)
        for (std::size_t b = 0; b < kBlocks; ++b) {
          acc[r] = fma16(Decoder::block(p + b * Decoder::kBlockBytes, table), load16(x + 16 * b),
                         acc[r]);
        }
      }
    }
  }
}

/// R rows of blocks.
template <class Decoder, std::size_t R>
HWY_INLINE void dot_block_rows(const Row (&rows)[R], std::size_t cols, V16 (&acc)[R]) {
  for (std::size_t block = 0; block < cols / Decoder::kElements; ++block) {
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < R; ++r) {
      const std::byte* p = rows[r].data + block * Decoder::kBytes;
      const float* x = rows[r].x + block * Decoder::kElements;
      for (std::size_t line = 0; line < Decoder::kBytes; line += 64) prefetch(p + line);
      const auto loaded = Decoder::load(p);
      HWY_UNROLL(8)
      for (std::size_t i = 0; i < Decoder::kElements / 16; ++i)
        acc[r] = fma16(Decoder::values(loaded, i), load16(x + 16 * i), acc[r]);
    }
  }
}

template <std::size_t R>
struct DotRows {
  using Fn = void (*)(const Row (&)[R], const WeightView&, float (&)[R]);

  template <class Decoder>
  static void floats(const Row (&rows)[R], const WeightView& w, float (&out)[R]) {
    V16 acc[R];
    HWY_UNROLL(4) for (std::size_t r = 0; r < R; ++r) acc[r] = zero16();
    dot_float_rows<Decoder, R>(rows, w.cols, acc);
    HWY_UNROLL(4) for (std::size_t r = 0; r < R; ++r) out[r] = reduce16(acc[r]);
  }

  template <class Decoder, std::size_t kBlocks>
  static void groups(const Row (&rows)[R], const WeightView& w, float (&out)[R]) {
    V16 acc[R];
    HWY_UNROLL(4) for (std::size_t r = 0; r < R; ++r) acc[r] = zero16();
    dot_group_rows<Decoder, kBlocks, R>(rows, w, acc);
    HWY_UNROLL(4) for (std::size_t r = 0; r < R; ++r) out[r] = reduce16(acc[r]);
  }

  template <class Decoder>
  static void blocks(const Row (&rows)[R], const WeightView& w, float (&out)[R]) {
    V16 acc[R];
    HWY_UNROLL(4) for (std::size_t r = 0; r < R; ++r) acc[r] = zero16();
    dot_block_rows<Decoder, R>(rows, w.cols, acc);
    HWY_UNROLL(4) for (std::size_t r = 0; r < R; ++r) out[r] = reduce16(acc[r]);
  }

  static Fn of(const WeightView& w) {
    return with_decoder(w.format, [&](auto decoder) -> Fn {
      using Decoder = decltype(decoder);
      if constexpr (AffineDecoder<Decoder>) {
        return w.group_size == 32   ? &groups<Decoder, 2>
               : w.group_size == 64 ? &groups<Decoder, 4>
                                    : &groups<Decoder, 8>;
      } else if constexpr (GroupDecoder<Decoder>) {
        return &groups<Decoder, 2>;  // mxfp4
      } else if constexpr (BlockDecoder<Decoder>) {
        return &blocks<Decoder>;
      } else {
        return &floats<Decoder>;
      }
    });
  }
};

/// Rows [range) of `source`, as four streams a quarter of the range apart. `source.row(r)` gives
/// the Row and `source.put(r, y)` takes the result; `shape` has the format and cols that all rows
/// share.
template <class Source>
HWY_INLINE void for_each_row(const WeightView& shape, Range range, const Source& source) {
  const auto dot4 = DotRows<kStreams>::of(shape);
  const std::size_t quarter = (range.end - range.begin) / kStreams;
  for (std::size_t i = 0; i < quarter; ++i) {
    Row rows[kStreams];
    float out[kStreams];
    for (std::size_t s = 0; s < kStreams; ++s) rows[s] = source.row(range.begin + s * quarter + i);
    dot4(rows, shape, out);
    for (std::size_t s = 0; s < kStreams; ++s) source.put(range.begin + s * quarter + i, out[s]);
  }
  const auto dot1 = DotRows<1>::of(shape);
  for (std::size_t r = range.begin + kStreams * quarter; r < range.end; ++r) {
    const Row rows[1] = {source.row(r)};
    float out[1];
    dot1(rows, shape, out);
    source.put(r, out[0]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
