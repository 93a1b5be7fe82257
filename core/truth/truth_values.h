// What truth computes with: rows of doubles, expert ids, and a cache without rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fidelio {

/// A value of the graph: [rows, width], or expert ids of the same form.
struct TruthValue {
  std::size_t rows = 0;
  std::size_t width = 0;
  std::vector<double> x;
  std::vector<std::int32_t> ids;

  const double* row(std::size_t r) const { return x.data() + r * width; }
  double* row(std::size_t r) { return x.data() + r * width; }
};

inline TruthValue truth_rows(std::size_t rows, std::size_t width) {
  return {rows, width, std::vector<double>(rows * width), {}};
}

/// Keys and values of every layer, [positions, num_key_value_heads * head_dim].
struct TruthCache {
  struct Layer {
    std::vector<double> keys;
    std::vector<double> values;
  };
  std::vector<Layer> layers;
};

}  // namespace fidelio
