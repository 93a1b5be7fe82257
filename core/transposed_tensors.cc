#include "core/transposed_tensors.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace fidelio {

namespace {

/// One matrix [rows, cols], by square tiles: a tile's lines of both sides stay in the cache.
template <std::size_t kBytes>
void transpose(const std::byte* from, std::byte* to, std::size_t rows, std::size_t cols) {
  constexpr std::size_t kTile = 32;
  for (std::size_t first_row = 0; first_row < rows; first_row += kTile) {
    const std::size_t last_row = std::min(first_row + kTile, rows);
    for (std::size_t first_col = 0; first_col < cols; first_col += kTile) {
      const std::size_t last_col = std::min(first_col + kTile, cols);
      for (std::size_t r = first_row; r < last_row; ++r) {
        for (std::size_t c = first_col; c < last_col; ++c)
          std::memcpy(to + (c * rows + r) * kBytes, from + (r * cols + c) * kBytes, kBytes);
      }
    }
  }
}

}  // namespace

std::span<const std::byte> TransposedTensors::get(const TensorInfo& tensor, std::size_t n,
                                                  std::size_t rows, std::size_t cols,
                                                  std::size_t element_bytes) {
  FIDELIO_CHECK(element_bytes == 2 || element_bytes == 4);
  FIDELIO_CHECK(tensor.bytes.size() == n * rows * cols * element_bytes);
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = copies_.try_emplace(tensor.name);
  std::vector<std::byte>& copy = entry->second;
  if (!is_new) return copy;
  copy.resize(tensor.bytes.size());
  const std::size_t matrix = rows * cols * element_bytes;
  for (std::size_t i = 0; i < n; ++i) {
    const std::byte* from = tensor.bytes.data() + i * matrix;
    std::byte* to = copy.data() + i * matrix;
    if (element_bytes == 2) {
      transpose<2>(from, to, rows, cols);
    } else {
      transpose<4>(from, to, rows, cols);
    }
  }
  return copy;
}

}  // namespace fidelio
