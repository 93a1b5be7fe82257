// Matrix-matrix products: four rows are dequantised into a panel that stays in the L1 cache and
// meets up to kTokenBlock tokens. Every output keeps the lanes and the order of the matrix-vector
// product, so prefill in one chunk, in several, or token by token gives the same bits.
#if defined(FIDELIO_KERNELS_SIMD_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FIDELIO_KERNELS_SIMD_PANEL_INL_H_
#undef FIDELIO_KERNELS_SIMD_PANEL_INL_H_
#else
#define FIDELIO_KERNELS_SIMD_PANEL_INL_H_
#endif

#include "kernels/simd/rows-inl.h"

#if FIDELIO_TARGET_IS_EXACT
HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {

constexpr std::size_t kPanelRows = 4;
constexpr std::size_t kPanelCols = 1024;  // 4 rows * 1024 * 4 bytes: a third of an L1 cache
constexpr std::size_t kTokenBlock = 96;
// Accumulators that fit the registers: 24 of 32 on AVX-512, 12 of 16 on AVX2, 24 of 32 on NEON.
constexpr std::size_t kTileRows = kParts == 1 ? 4 : 2;
constexpr std::size_t kTileTokens = kParts == 1 ? 6 : 3;

/// Dequantises columns [first, first + n) of one row; n is a multiple of 16 but for the row's end,
/// which is padded with +0 to a whole block.
template <class Decoder>
HWY_INLINE void unpack_floats(const Row& row, std::size_t first, std::size_t n,
                              float* HWY_RESTRICT out) {
  std::size_t k = 0;
  for (; k + 16 <= n; k += 16)
    store16(Decoder::block(row.data + (first + k) * Decoder::kBytes), out + k);
  if (k == n) return;
  alignas(64) std::byte padded[64] = {};
  std::memcpy(padded, row.data + (first + k) * Decoder::kBytes, (n - k) * Decoder::kBytes);
  store16(Decoder::block(padded), out + k);
}

template <class Decoder>
HWY_INLINE void unpack_groups(const WeightView& w, const Row& row, std::size_t first, std::size_t n,
                              float* HWY_RESTRICT out) {
  alignas(64) float scale[kPanelCols / 32];
  alignas(64) float bias[kPanelCols / 32];
  const std::size_t first_group = first / w.group_size;
  const std::size_t n_groups = n / w.group_size;
  const std::size_t offset = first_group * scale_bytes(w.scale_type);
  widen_scales(row.scales + offset, w.scale_type, n_groups, scale);
  if (Decoder::kHasBiases) widen_scales(row.biases + offset, w.scale_type, n_groups, bias);
  const std::byte* data = row.data + first / 16 * Decoder::kBlockBytes;
  const std::size_t blocks = w.group_size / 16;
  for (std::size_t g = 0; g < n_groups; ++g) {
    const auto table = Decoder::group(scale[g], Decoder::kHasBiases ? bias[g] : 0.0F);
    for (std::size_t b = g * blocks; b < (g + 1) * blocks; ++b) {
      store16(Decoder::block(data + b * Decoder::kBlockBytes, table), out + 16 * b);
    }
  }
}

/// `first` and n are multiples of the block.
template <class Decoder>
HWY_INLINE void unpack_blocks(const Row& row, std::size_t first, std::size_t n,
                              float* HWY_RESTRICT out) {
  static_assert(kPanelCols % Decoder::kElements == 0);
  const std::byte* p = row.data + first / Decoder::kElements * Decoder::kBytes;
  for (std::size_t k = 0; k < n; k += Decoder::kElements, p += Decoder::kBytes) {
    const auto loaded = Decoder::load(p);
    for (std::size_t i = 0; i < Decoder::kElements / 16; ++i)
      store16(Decoder::values(loaded, i), out + k + 16 * i);
  }
}

HWY_INLINE void unpack(const WeightView& w, const Row& row, std::size_t first, std::size_t n,
                       float* HWY_RESTRICT out) {
  with_decoder(w.format, [&](auto decoder) HWY_ATTR {
    using Decoder = decltype(decoder);
    if constexpr (GroupDecoder<Decoder>) {
      unpack_groups<Decoder>(w, row, first, n, out);
    } else if constexpr (BlockDecoder<Decoder>) {
      unpack_blocks<Decoder>(row, first, n, out);
    } else {
      unpack_floats<Decoder>(row, first, n, out);
    }
  });
}

/// R rows by T tokens over n columns of a panel; x[t] starts at the panel's first column. The
/// accumulators come from and go to `parked` [T][kPanelRows][16].
template <std::size_t R, std::size_t T>
HWY_INLINE void tile(const float* HWY_RESTRICT panel, const float* const* x, std::size_t n,
                     float* parked) {
  V16 acc[T][R];
  HWY_UNROLL(6)
  for (std::size_t t = 0; t < T; ++t) {
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < R; ++r) acc[t][r] = load16(parked + (t * kPanelRows + r) * 16);
  }
  const float* xs[T];
  HWY_UNROLL(6) for (std::size_t t = 0; t < T; ++t) xs[t] = x[t];
  std::size_t k = 0;
  for (; k + 16 <= n; k += 16) {
    HWY_UNROLL(4)
    for (std::size_t p = 0; p < kParts; ++p) {
      VF w[R];
      HWY_UNROLL(4)
      for (std::size_t r = 0; r < R; ++r)
        w[r] = hn::LoadU(DF(), panel + r * kPanelCols + k + p * kWidth);
      HWY_UNROLL(6)
      for (std::size_t t = 0; t < T; ++t) {
        const VF v = hn::LoadU(DF(), xs[t] + k + p * kWidth);
        HWY_UNROLL(4)
        for (std::size_t r = 0; r < R; ++r)
          acc[t][r].part[p] = hn::MulAdd(w[r], v, acc[t][r].part[p]);
      }
    }
  }
  HWY_UNROLL(6)
  for (std::size_t t = 0; t < T; ++t) {
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < R; ++r) {
      if (k < n) {
        acc[t][r] =
            fma16(load16(panel + r * kPanelCols + k), load16_padded(xs[t] + k, n - k), acc[t][r]);
      }
      store16(acc[t][r], parked + (t * kPanelRows + r) * 16);
    }
  }
}

template <std::size_t T>
HWY_INLINE void tile_rows(const float* panel, const float* const* x, std::size_t n, float* parked) {
  for (std::size_t r = 0; r < kPanelRows; r += kTileRows) {
    tile<kTileRows, T>(panel + r * kPanelCols, x, n, parked + r * 16);
  }
}

/// out[t * kPanelRows + r] = row (first + r) of w times x[t], for n_rows <= 4 rows and n_tokens <=
/// kTokenBlock tokens. Rows beyond n_rows give unspecified finite work and are not to be read.
inline void panel_product(const WeightView& w, std::size_t first, std::size_t n_rows,
                          const float* const* x, std::size_t n_tokens, float* HWY_RESTRICT out) {
  alignas(64) float panel[kPanelRows * kPanelCols];
  alignas(64) float parked[kTokenBlock * kPanelRows * 16];
  std::memset(parked, 0, n_tokens * kPanelRows * 16 * sizeof(float));
  const float* at[kTokenBlock];
  for (std::size_t k = 0; k < w.cols; k += kPanelCols) {
    const std::size_t n = HWY_MIN(kPanelCols, w.cols - k);
    for (std::size_t r = 0; r < kPanelRows; ++r) {
      unpack(w, row_of(w, first + HWY_MIN(r, n_rows - 1), nullptr), k, n, panel + r * kPanelCols);
    }
    for (std::size_t t = 0; t < n_tokens; ++t) at[t] = x[t] + k;
    std::size_t t = 0;
    const auto state = [&](std::size_t token) { return parked + token * kPanelRows * 16; };
    for (; t + kTileTokens <= n_tokens; t += kTileTokens)
      tile_rows<kTileTokens>(panel, at + t, n, state(t));
    for (; t + 2 <= n_tokens; t += 2) tile_rows<2>(panel, at + t, n, state(t));
    for (; t < n_tokens; ++t) tile_rows<1>(panel, at + t, n, state(t));
  }
  for (std::size_t i = 0; i < n_tokens * kPanelRows; ++i)
    out[i] = reduce16(load16(parked + i * 16));
}

/// Copies the n_rows results of token t from a panel_product into y.
HWY_INLINE void copy_panel_rows(const float* HWY_RESTRICT out, std::size_t t, std::size_t n_rows,
                                float* HWY_RESTRICT y) {
  for (std::size_t r = 0; r < n_rows; ++r) y[r] = out[t * kPanelRows + r];
}

}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();
#endif  // FIDELIO_TARGET_IS_EXACT
#endif  // include guard
