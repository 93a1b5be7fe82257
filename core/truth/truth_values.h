// What evaluations without kernels compute with: rows of doubles (truth) or floats (the naive
// evaluation), expert ids, and a cache of the same type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fidelio {

/// A value of the graph: [rows, width], or expert ids of the same form.
template <class T>
struct Rows {
  std::size_t rows = 0;
  std::size_t width = 0;
  std::vector<T> x;
  std::vector<std::int32_t> ids;

  const T* row(std::size_t r) const { return x.data() + r * width; }
  T* row(std::size_t r) { return x.data() + r * width; }
};

using TruthValue = Rows<double>;

template <class T = double>
Rows<T> zero_rows(std::size_t rows, std::size_t width) {
  return {rows, width, std::vector<T>(rows * width), {}};
}

/// Of one layer: keys and values, [positions, num_key_value_heads * head_dim], or the rows of a
/// short convolution, [positions, channels].
template <class T>
struct CacheRows {
  std::vector<T> keys;
  std::vector<T> values;
  std::vector<T> conv_rows = {};
};

}  // namespace fidelio
