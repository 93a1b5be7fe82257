#include "core/truth/truth_elementwise.h"

#include <algorithm>
#include <cmath>

namespace fidelio {

template <class T>
Rows<T> truth_add_scalar(Rows<T> x, double value) {
  for (T& v : x.x) v += static_cast<T>(value);
  return x;
}

template <class T>
Rows<T> truth_mul_scalar(Rows<T> x, double value) {
  for (T& v : x.x) v *= static_cast<T>(value);
  return x;
}

template <class T>
Rows<T> truth_clamp(Rows<T> x, double min, double max) {
  for (T& v : x.x)
    if (!std::isnan(v)) v = std::min(std::max(v, static_cast<T>(min)), static_cast<T>(max));
  return x;
}

template <class T>
Rows<T> truth_sigmoid(Rows<T> x) {
  for (T& v : x.x) v = 1 / (1 + std::exp(-v));
  return x;
}

template <class T>
Rows<T> truth_silu(Rows<T> x, double alpha) {
  for (T& v : x.x) v /= 1 + std::exp(-(static_cast<T>(alpha) * v));
  return x;
}

template <class T>
Rows<T> truth_gelu(Rows<T> x) {
  // 0.5 (1 + tanh(z / 2)) as 1 / (1 + e^-z), which does not cancel.
  const T scale = static_cast<T>(std::sqrt(8 / 3.14159265358979323846));
  for (T& v : x.x) v /= 1 + std::exp(-(scale * (v + static_cast<T>(0.044715) * v * v * v)));
  return x;
}

template <class T>
Rows<T> truth_columns(const Rows<T>& x, std::size_t part, std::size_t parts) {
  const std::size_t width = x.width / parts;
  Rows<T> y = zero_rows<T>(x.rows, width);
  for (std::size_t r = 0; r < x.rows; ++r) std::copy_n(x.row(r) + part * width, width, y.row(r));
  return y;
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define FIDELIO_TRUTH_ELEMENTWISE(T)                     \
  template Rows<T> truth_add_scalar(Rows<T>, double);    \
  template Rows<T> truth_mul_scalar(Rows<T>, double);    \
  template Rows<T> truth_clamp(Rows<T>, double, double); \
  template Rows<T> truth_sigmoid(Rows<T>);               \
  template Rows<T> truth_silu(Rows<T>, double);          \
  template Rows<T> truth_gelu(Rows<T>);                  \
  template Rows<T> truth_columns(const Rows<T>&, std::size_t, std::size_t);
// NOLINTEND(bugprone-macro-parentheses)

FIDELIO_TRUTH_ELEMENTWISE(double)
FIDELIO_TRUTH_ELEMENTWISE(float)

}  // namespace fidelio
