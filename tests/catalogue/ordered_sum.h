// Sums of products in any order that a Reordering asks for. Plain scalar code: nothing here is the
// contract's, and nothing here is fast.
#pragma once

#include <cmath>
#include <vector>

#include "tests/catalogue/reordering.h"

namespace fidelio::catalogue {

inline float add_product(float acc, float a, float b, bool fma) {
  return fma ? std::fma(a, b, acc) : acc + a * b;
}

inline double add_product(double acc, float a, float b, bool) {
  return acc + static_cast<double>(a) * static_cast<double>(b);
}

template <typename T>
T reduce(std::vector<T>& parts, Reduction reduction) {
  std::size_t n = parts.size();
  if (reduction == Reduction::sequential) {
    for (std::size_t i = 1; i < n; ++i) parts[0] += parts[i];
    return parts[0];
  }
  if (reduction == Reduction::reverse) {
    for (std::size_t i = n - 1; i > 0; --i) parts[i - 1] += parts[i];
    return parts[0];
  }
  while (n > 1) {
    const std::size_t half = (n + 1) / 2;
    for (std::size_t i = 0; i < n / 2; ++i)
      parts[i] = reduction == Reduction::tree ? parts[i] + parts[i + half]
                                              : parts[2 * i] + parts[2 * i + 1];
    if (reduction == Reduction::neighbours && n % 2 == 1) parts[half - 1] = parts[n - 1];
    n = half;
  }
  return parts[0];
}

template <typename T>
T pairwise_sum(const float* a, const float* b, std::size_t n, const SumOrder& order) {
  if (n > order.leaf && n > 1) {
    const std::size_t half = n / 2;
    return pairwise_sum<T>(a, b, half, order) +
           pairwise_sum<T>(a + half, b + half, n - half, order);
  }
  T acc = 0;
  for (std::size_t i = 0; i < n; ++i) acc = add_product(acc, a[i], b[i], order.fma);
  return acc;
}

template <typename T>
T lane_sum(const float* a, const float* b, std::size_t n, const SumOrder& order) {
  std::vector<T> lanes(order.lanes);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t at = order.descending ? n - 1 - i : i;
    T& lane = lanes[order.blocks ? i * order.lanes / n : i % order.lanes];
    lane = add_product(lane, a[at], b[at], order.fma);
  }
  return reduce(lanes, order.reduction);
}

template <typename T>
T sum_in(const float* a, const float* b, std::size_t n, const SumOrder& order) {
  return order.pairwise ? pairwise_sum<T>(a, b, n, order) : lane_sum<T>(a, b, n, order);
}

/// Sum of a[i] * b[i].
inline float ordered_dot(const float* a, const float* b, std::size_t n, const SumOrder& order) {
  return order.float64 ? static_cast<float>(sum_in<double>(a, b, n, order))
                       : sum_in<float>(a, b, n, order);
}

}  // namespace fidelio::catalogue
