// Weights as kernels see them: borrowed views of a checkpoint's bytes, in the checkpoint's own
// formats. A kernel never owns, copies or converts a whole weight. How a checkpoint is opened
// belongs in core/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fidelio {

/// How the elements of a matrix are stored. `affine4` and `affine8` are MLX's: each row is one
/// little-endian, least-significant-bit-first stream of codes; the value of code q in group g is
/// scale[g] * q + bias[g] (scale may be negative).
enum class WeightFormat : std::uint8_t { f32, f16, bf16, affine4, affine8 };

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
