// A rounded row of activations in a thread's workspace, the same size on every target: packed for
// integer products with affine weights, plain floats for float weights. Filling it is
// simd/rounded_x-inl.h; what it means is gather_matmul_rounded.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/weights.h"

namespace fidelio {

/// Padded with zeros to whole runs of 16 blocks, one for every lane; its parts lie one after the
/// other, each aligned to 64 bytes.
struct PackedRow {
  static constexpr std::size_t kBlock = 32;      ///< elements that share a scale
  static constexpr std::size_t kRunBlocks = 16;  ///< blocks of a run
  static constexpr std::size_t kRunColumns = kRunBlocks * kBlock;

  const std::int16_t* q;  ///< [runs][512], reordered within a run
  const float* d;         ///< [runs][16] scales of the blocks
  const float* sum;       ///< [runs][16] sums of the blocks' codes

  static constexpr std::size_t runs(std::size_t cols) {
    return (cols + kRunColumns - 1) / kRunColumns;
  }
  static constexpr std::size_t d_offset(std::size_t cols) {
    return runs(cols) * kRunColumns * sizeof(std::int16_t);
  }
  static constexpr std::size_t sum_offset(std::size_t cols) {
    return d_offset(cols) + runs(cols) * kRunBlocks * sizeof(float);
  }
  static constexpr std::size_t bytes(std::size_t cols) {
    return sum_offset(cols) + runs(cols) * kRunBlocks * sizeof(float);
  }
  static PackedRow at(const std::byte* memory, std::size_t cols) {
    return {reinterpret_cast<const std::int16_t*>(memory),
            reinterpret_cast<const float*>(memory + d_offset(cols)),
            reinterpret_cast<const float*>(memory + sum_offset(cols))};
  }
};

/// Bytes of a rounded row that meets weights like `w`; a multiple of 64.
constexpr std::size_t rounded_row_bytes(const WeightView& w) {
  if (affine_bits(w.format) != 0) return PackedRow::bytes(w.cols);
  return (w.cols * sizeof(float) + 63) / 64 * 64;
}

}  // namespace fidelio
