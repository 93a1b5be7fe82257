#include "core/truth/truth_ops.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "kernels/contract.h"

namespace fidelio {
namespace {

template <class T>
T dot(const std::vector<T>& w, const T* x) {
  T sum = 0;
  for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * x[i];
  return sum;
}

template <class T>
T scaled_value(contract::Scaling scaling, float code);

template <>
double scaled_value(contract::Scaling scaling, float code) {
  return static_cast<double>(scaling.scale) * static_cast<double>(code) +
         static_cast<double>(scaling.bias);
}

template <>
float scaled_value(contract::Scaling scaling, float code) {
  return std::fma(scaling.scale, code, scaling.bias);  // the contract's weight
}

/// Which slots read which expert.
std::map<std::int32_t, std::vector<std::size_t>> slots_by_expert(
    const std::vector<std::int32_t>& ids) {
  std::map<std::int32_t, std::vector<std::size_t>> slots;
  for (std::size_t slot = 0; slot < ids.size(); ++slot) slots[ids[slot]].push_back(slot);
  return slots;
}

}  // namespace

double exact_weight(const WeightView& w, std::size_t row, std::size_t col) {
  return scaled_value<double>(contract::scaling_of(w, row, col), contract::code_value(w, row, col));
}

template <class T>
void decode_row(const WeightView& w, std::size_t row, std::vector<T>& out) {
  out.resize(w.cols);
  const std::size_t run = contract::scaling_run(w);
  if (run == 1) {
    for (std::size_t i = 0; i < w.cols; ++i)
      out[i] = static_cast<T>(contract::weight_value(w, row, i));
    return;
  }
  for (std::size_t begin = 0; begin < w.cols; begin += run) {
    const contract::Scaling scaling = contract::scaling_of(w, row, begin);
    for (std::size_t i = begin; i < begin + run; ++i)
      out[i] = scaled_value<T>(scaling, contract::code_value(w, row, i));
  }
}

template <class T>
Rows<T> truth_linear(const WeightView& w, const Rows<T>& x, const ParallelFor& parallel) {
  Rows<T> y = zero_rows<T>(x.rows, w.rows);
  parallel(w.rows, [&](std::size_t begin, std::size_t end) {
    std::vector<T> weights;
    for (std::size_t o = begin; o < end; ++o) {
      decode_row(w, o, weights);
      for (std::size_t r = 0; r < x.rows; ++r) y.row(r)[o] = dot(weights, x.row(r));
    }
  });
  return y;
}

template <class T>
Rows<T> truth_embedding(const WeightView& w, std::span<const std::int32_t> ids) {
  Rows<T> y = zero_rows<T>(ids.size(), w.cols);
  std::vector<T> row;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    decode_row(w, static_cast<std::size_t>(ids[t]), row);
    std::copy(row.begin(), row.end(), y.row(t));
  }
  return y;
}

template <class T>
Rows<T> truth_add(const Rows<T>& a, const Rows<T>& b) {
  Rows<T> y = a;
  for (std::size_t i = 0; i < y.x.size(); ++i) y.x[i] += b.x[i];
  return y;
}

template <class T>
Rows<T> truth_mul(const Rows<T>& a, const Rows<T>& b) {
  Rows<T> y = a;
  for (std::size_t i = 0; i < y.x.size(); ++i) y.x[i] *= b.x[i];
  return y;
}

template <class T>
Rows<T> truth_add_bias(const Rows<T>& x, std::span<const float> bias) {
  Rows<T> y = x;
  for (std::size_t i = 0; i < y.x.size(); ++i) y.x[i] += static_cast<T>(bias[i % y.width]);
  return y;
}

template <class T>
Rows<T> truth_rms_norm(const Rows<T>& x, std::span<const float> weight, double eps) {
  Rows<T> y = x;
  const std::size_t n = weight.size();
  for (std::size_t begin = 0; begin < y.x.size(); begin += n) {
    T* row = y.x.data() + begin;
    T squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += row[i] * row[i];
    const T scale = 1 / std::sqrt(squares / static_cast<T>(n) + static_cast<T>(eps));
    for (std::size_t i = 0; i < n; ++i) row[i] *= scale * static_cast<T>(weight[i]);
  }
  return y;
}

template <class T>
Rows<T> truth_rope(const Rows<T>& x, const RopeTable& table, std::size_t heads, bool interleaved,
                   std::span<const std::size_t> positions) {
  Rows<T> y = x;
  const std::size_t half = table.half;
  for (std::size_t r = 0; r < x.rows; ++r) {
    const std::size_t at = positions[r] * half;
    for (std::size_t h = 0; h < heads; ++h) {
      for (std::size_t i = 0; i < half; ++i) {
        const std::size_t a = h * 2 * half + (interleaved ? 2 * i : i);
        const std::size_t b = a + (interleaved ? 1 : half);
        const auto cos = static_cast<T>(table.cos[at + i]);
        const auto sin = static_cast<T>(table.sin[at + i]);
        y.row(r)[a] = x.row(r)[a] * cos - x.row(r)[b] * sin;
        y.row(r)[b] = x.row(r)[b] * cos + x.row(r)[a] * sin;
      }
    }
  }
  return y;
}

template <class T>
Rows<T> truth_gather_matmul(std::span<const WeightView> experts, const Rows<T>& x,
                            const Rows<T>& ids, const ParallelFor& parallel) {
  const std::size_t n_out = experts.front().rows;
  const bool shared_row = x.rows == ids.rows && ids.width > 1;
  Rows<T> y = zero_rows<T>(ids.rows * ids.width, n_out);
  const auto by_expert = slots_by_expert(ids.ids);
  const std::vector<std::pair<std::int32_t, std::vector<std::size_t>>> used(by_expert.begin(),
                                                                            by_expert.end());
  parallel(used.size() * n_out, [&](std::size_t begin, std::size_t end) {
    std::vector<T> weights;
    for (std::size_t i = begin; i < end; ++i) {
      const auto& [expert, slots] = used[i / n_out];
      decode_row(experts[static_cast<std::size_t>(expert)], i % n_out, weights);
      for (const std::size_t slot : slots)
        y.row(slot)[i % n_out] = dot(weights, x.row(shared_row ? slot / ids.width : slot));
    }
  });
  return y;
}

template <class T>
Rows<T> truth_add_expert_bias(Rows<T> x, std::span<const float> biases, const Rows<T>& ids) {
  for (std::size_t slot = 0; slot < ids.ids.size(); ++slot) {
    const float* bias = biases.data() + static_cast<std::size_t>(ids.ids[slot]) * x.width;
    for (std::size_t i = 0; i < x.width; ++i) x.row(slot)[i] += static_cast<T>(bias[i]);
  }
  return x;
}

template <class T>
Rows<T> truth_combine(const Rows<T>& x, const Rows<T>& weights) {
  Rows<T> y = zero_rows<T>(weights.rows, x.width);
  for (std::size_t t = 0; t < weights.rows; ++t) {
    for (std::size_t s = 0; s < weights.width; ++s) {
      const T* row = x.row(t * weights.width + s);
      for (std::size_t i = 0; i < x.width; ++i) y.row(t)[i] += weights.row(t)[s] * row[i];
    }
  }
  return y;
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define FIDELIO_TRUTH_OPS(T)                                                               \
  template void decode_row(const WeightView&, std::size_t, std::vector<T>&);               \
  template Rows<T> truth_linear(const WeightView&, const Rows<T>&, const ParallelFor&);    \
  template Rows<T> truth_embedding(const WeightView&, std::span<const std::int32_t>);      \
  template Rows<T> truth_add(const Rows<T>&, const Rows<T>&);                              \
  template Rows<T> truth_mul(const Rows<T>&, const Rows<T>&);                              \
  template Rows<T> truth_add_bias(const Rows<T>&, std::span<const float>);                 \
  template Rows<T> truth_rms_norm(const Rows<T>&, std::span<const float>, double);         \
  template Rows<T> truth_rope(const Rows<T>&, const RopeTable&, std::size_t, bool,         \
                              std::span<const std::size_t>);                               \
  template Rows<T> truth_add_expert_bias(Rows<T>, std::span<const float>, const Rows<T>&); \
  template Rows<T> truth_gather_matmul(std::span<const WeightView>, const Rows<T>&,        \
                                       const Rows<T>&, const ParallelFor&);                \
  template Rows<T> truth_combine(const Rows<T>&, const Rows<T>&);

// NOLINTEND(bugprone-macro-parentheses)

FIDELIO_TRUTH_OPS(double)
FIDELIO_TRUTH_OPS(float)

}  // namespace fidelio
