// Weights as kernels see them: borrowed views of a checkpoint's bytes, in the checkpoint's own
// formats. A kernel never owns, copies or converts a whole weight. How a checkpoint is opened
// belongs in core/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fidelio {

/// How the elements of a matrix are stored.
///
/// The affine formats are MLX's: each row is one little-endian, least-significant-bit-first stream
/// of b-bit codes, element i in bits [i b, (i + 1) b), across bytes and words where b does not
/// divide them; the value of code q in group g is scale[g] * q + bias[g] (scale may be negative).
///
/// `mxfp4` is the same stream of 4-bit codes (MLX `mode: mxfp4`, and the `_blocks` of HF GPT-OSS),
/// with one scale byte s for 32 elements: E2M1[code] * 2^(s - 127) (OCP Microscaling Formats 1.0).
///
/// The others are GGUF's, whose rows are blocks that carry their own scales (`block_shape`, and
/// contract::weight_value for their insides). `mxfp4_blocks` is GGUF's order of the same numbers.
enum class WeightFormat : std::uint8_t {
  f32,
  f16,
  bf16,
  affine2,
  affine3,
  affine4,
  affine5,
  affine6,
  affine8,
  mxfp4,  ///< codes and scales apart
  q8_0,   ///< GGUF blocks from here on
  q4_0,
  q4_1,
  q6_k,
  mxfp4_blocks,  ///< codes and scales in blocks
};

/// Every affine format; `affine_bits` gives the width of its codes.
inline constexpr WeightFormat kAffineFormats[] = {WeightFormat::affine2, WeightFormat::affine3,
                                                  WeightFormat::affine4, WeightFormat::affine5,
                                                  WeightFormat::affine6, WeightFormat::affine8};

/// Bits of one code of an affine format, 0 for all others.
constexpr unsigned affine_bits(WeightFormat format) {
  switch (format) {
    case WeightFormat::affine2:
      return 2;
    case WeightFormat::affine3:
      return 3;
    case WeightFormat::affine4:
      return 4;
    case WeightFormat::affine5:
      return 5;
    case WeightFormat::affine6:
      return 6;
    case WeightFormat::affine8:
      return 8;
    default:
      return 0;
  }
}

/// The affine format whose codes have `bits` bits: one of 2, 3, 4, 5, 6 and 8 (f32 for others).
constexpr WeightFormat affine_format(unsigned bits) {
  for (const WeightFormat format : kAffineFormats) {
    if (affine_bits(format) == bits) return format;
  }
  return WeightFormat::f32;
}

/// Every format of GGUF blocks.
inline constexpr WeightFormat kBlockFormats[] = {WeightFormat::q8_0, WeightFormat::q4_0,
                                                 WeightFormat::q4_1, WeightFormat::q6_k,
                                                 WeightFormat::mxfp4_blocks};

/// A block of a GGUF format: its weights and its bytes, scales included.
struct BlockShape {
  std::size_t elements = 0;
  std::size_t bytes = 0;
};

/// {0, 0} for a format without blocks.
constexpr BlockShape block_shape(WeightFormat format) {
  switch (format) {
    case WeightFormat::q8_0:
      return {32, 34};
    case WeightFormat::q4_0:
      return {32, 18};
    case WeightFormat::q4_1:
      return {32, 20};
    case WeightFormat::q6_k:
      return {256, 210};
    case WeightFormat::mxfp4_blocks:
      return {32, 17};
    default:
      return {};
  }
}

/// Bytes of the data of one row of `cols` elements (separate scales and biases not included). Whole
/// bytes: cols is a multiple of 8 for affine formats, of 32 for mxfp4, of the block for blocks.
constexpr std::size_t data_bytes(WeightFormat format, std::size_t cols) {
  switch (format) {
    case WeightFormat::f32:
      return 4 * cols;
    case WeightFormat::f16:
    case WeightFormat::bf16:
      return 2 * cols;
    case WeightFormat::mxfp4:
      return cols / 2;
    default:
      break;
  }
  if (const unsigned bits = affine_bits(format)) return cols * bits / 8;
  return cols / block_shape(format).elements * block_shape(format).bytes;
}

/// Every format, in the order of the enumeration.
inline constexpr WeightFormat kWeightFormats[] = {
    WeightFormat::f32,     WeightFormat::f16,     WeightFormat::bf16,        WeightFormat::affine2,
    WeightFormat::affine3, WeightFormat::affine4, WeightFormat::affine5,     WeightFormat::affine6,
    WeightFormat::affine8, WeightFormat::mxfp4,   WeightFormat::q8_0,        WeightFormat::q4_0,
    WeightFormat::q4_1,    WeightFormat::q6_k,    WeightFormat::mxfp4_blocks};

/// True where float32 holds every weight of the format exactly: floats, and codes without biases,
/// whose products have at most 24 bits (q6_k: 11 + 7 + 5), but for MXFP4's overflow beyond 2^128.
constexpr bool is_exact(WeightFormat format) {
  return affine_bits(format) == 0 && format != WeightFormat::q4_1;
}

/// The type of separate scales and biases, widened exactly to float32. An e8m0 byte s is
/// 2^(s - 127), 0 the subnormal 2^-127; 255 is no number, and no reader lets it through.
enum class ScaleType : std::uint8_t { f32, f16, bf16, e8m0 };

/// Bytes of one element of a scale.
constexpr std::size_t scale_bytes(ScaleType type) {
  return type == ScaleType::f32 ? 4 : type == ScaleType::e8m0 ? 1 : 2;
}

/// A matrix [rows, cols]; the elements of a row are contiguous, its rows may lie apart. `data` need
/// not be aligned. Reads stay inside the rows: no kernel may touch a byte beyond the last row's
/// row_bytes, nor scales beyond its last group.
struct WeightView {
  WeightFormat format = WeightFormat::f32;
  ScaleType scale_type = ScaleType::f32;  ///< e8m0 for mxfp4
  /// Elements that share a separate scale: 32, 64 or 128 for affine formats, 32 for mxfp4, 0 for
  /// all others; divides cols.
  std::uint32_t group_size = 0;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t row_bytes = 0;   ///< data_bytes(format, cols)
  std::size_t row_stride = 0;  ///< bytes from one row's data to the next's, at least row_bytes
  std::size_t scale_stride =
      0;  ///< ... from one row's scales (and biases) to the next's; 0 without
  const std::byte* data = nullptr;
  const std::byte* scales = nullptr;  ///< a row: [cols / group_size] of scale_type
  const std::byte* biases = nullptr;  ///< the same, affine formats only
};

/// Groups of a row with separate scales; 0 for formats without.
constexpr std::size_t groups_of_row(const WeightView& w) {
  return w.group_size == 0 ? 0 : w.cols / w.group_size;
}

/// Sets row_bytes and strides for rows that lie back to back.
constexpr void set_adjacent_rows(WeightView& w) {
  w.row_bytes = data_bytes(w.format, w.cols);
  w.row_stride = w.row_bytes;
  w.scale_stride = groups_of_row(w) * scale_bytes(w.scale_type);
}

/// Every `step`-th row of w from row `first`, `rows` of them. Strides grow, row_bytes does not.
constexpr WeightView strided_rows(WeightView w, std::size_t first, std::size_t step,
                                  std::size_t rows) {
  w.data += first * w.row_stride;
  if (w.scales != nullptr) w.scales += first * w.scale_stride;
  if (w.biases != nullptr) w.biases += first * w.scale_stride;
  w.row_stride *= step;
  w.scale_stride *= step;
  w.rows = rows;
  return w;
}

/// Bytes that must be read to use one row: data, and separate scales and biases.
constexpr std::size_t bytes_per_row(const WeightView& w) {
  const std::size_t scales = groups_of_row(w) * scale_bytes(w.scale_type);
  return w.row_bytes + scales + (affine_bits(w.format) == 0 ? 0 : scales);
}

}  // namespace fidelio
