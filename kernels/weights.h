// Weights as kernels see them: borrowed views of a checkpoint's bytes, in the checkpoint's own
// formats. A kernel never owns, copies or converts a whole weight. How a checkpoint is opened
// belongs in core/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fidelio {

/// How the elements of a matrix are stored. The affine formats are MLX's: each row is one
/// little-endian, least-significant-bit-first stream of b-bit codes, element i in bits
/// [i b, (i + 1) b), across bytes and words where b does not divide them; the value of code q in
/// group g is scale[g] * q + bias[g] (scale may be negative).
enum class WeightFormat : std::uint8_t {
  f32,
  f16,
  bf16,
  affine2,
  affine3,
  affine4,
  affine5,
  affine6,
  affine8
};

/// Every affine format; `affine_bits` gives the width of its codes.
inline constexpr WeightFormat kAffineFormats[] = {WeightFormat::affine2, WeightFormat::affine3,
                                                  WeightFormat::affine4, WeightFormat::affine5,
                                                  WeightFormat::affine6, WeightFormat::affine8};

/// Bits of one code of an affine format, 0 for floats.
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
    case WeightFormat::f32:
    case WeightFormat::f16:
    case WeightFormat::bf16:
      break;
  }
  return 0;
}

/// The affine format whose codes have `bits` bits: one of 2, 3, 4, 5, 6 and 8 (f32 for others).
constexpr WeightFormat affine_format(unsigned bits) {
  for (const WeightFormat format : kAffineFormats) {
    if (affine_bits(format) == bits) return format;
  }
  return WeightFormat::f32;
}

/// The type of the scales and biases of an affine weight; widened exactly to float32.
enum class ScaleType : std::uint8_t { f32, f16, bf16 };

/// A matrix [rows, cols], row-major, `cols` contiguous. `data` need not be aligned. Reads stay
/// inside the rows: no kernel may touch a byte beyond `data + rows * row_bytes`.
struct WeightView {
  WeightFormat format = WeightFormat::f32;
  ScaleType scale_type = ScaleType::f32;
  std::uint32_t group_size = 0;  ///< 32, 64 or 128 for affine formats, 0 otherwise; divides cols
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t row_bytes = 0;          ///< bytes of one row of `data`
  const std::byte* data = nullptr;    ///< rows * row_bytes
  const std::byte* scales = nullptr;  ///< [rows, cols / group_size] of scale_type
  const std::byte* biases = nullptr;  ///< [rows, cols / group_size] of scale_type
};

/// Bytes of one element of a scale.
constexpr std::size_t scale_bytes(ScaleType type) { return type == ScaleType::f32 ? 4 : 2; }

/// Bytes that must be read to use one row: codes or floats, scales and biases.
constexpr std::size_t bytes_per_row(const WeightView& w) {
  if (w.group_size == 0) return w.row_bytes;
  return w.row_bytes + 2 * (w.cols / w.group_size) * scale_bytes(w.scale_type);
}

}  // namespace fidelio
