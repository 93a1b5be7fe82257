#include "capsules/holm.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace fidelio {

std::vector<double> holm_adjusted(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    largest = std::max(largest, p_values[order[k]] * static_cast<double>(order.size() - k));
    adjusted[order[k]] = std::min(largest, 1.0);
  }
  return adjusted;
}

}  // namespace fidelio
