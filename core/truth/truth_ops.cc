#include "core/truth/truth_ops.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/contract.h"

namespace fidelio {
namespace {

void decode_row(const WeightView& w, std::size_t row, std::vector<double>& out) {
  out.resize(w.cols);
  for (std::size_t i = 0; i < w.cols; ++i) out[i] = exact_weight(w, row, i);
}

double dot(const std::vector<double>& w, const double* x) {
  double sum = 0;
  for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * x[i];
  return sum;
}

void softmax_row(double* x, std::size_t n) {
  const double max = *std::max_element(x, x + n);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] = std::exp(x[i] - max);
  for (std::size_t i = 0; i < n; ++i) x[i] /= sum;
}

}  // namespace

double exact_weight(const WeightView& w, std::size_t row, std::size_t col) {
  if (affine_bits(w.format) == 0) return contract::weight_value(w, row, col);
  const std::size_t group = row * (w.cols / w.group_size) + col / w.group_size;
  const auto code = static_cast<double>(
      contract::affine_code(w.data + row * w.row_bytes, affine_bits(w.format), col));
  return static_cast<double>(contract::scale_value(w.scales, w.scale_type, group)) * code +
         static_cast<double>(contract::scale_value(w.biases, w.scale_type, group));
}

TruthValue truth_linear(const WeightView& w, const TruthValue& x, const ParallelFor& parallel) {
  TruthValue y = truth_rows(x.rows, w.rows);
  parallel(w.rows, [&](std::size_t begin, std::size_t end) {
    std::vector<double> weights;
    for (std::size_t o = begin; o < end; ++o) {
      decode_row(w, o, weights);
      for (std::size_t r = 0; r < x.rows; ++r) y.row(r)[o] = dot(weights, x.row(r));
    }
  });
  return y;
}

TruthValue truth_embedding(const WeightView& w, std::span<const std::int32_t> ids) {
  TruthValue y = truth_rows(ids.size(), w.cols);
  for (std::size_t t = 0; t < ids.size(); ++t) {
    for (std::size_t i = 0; i < w.cols; ++i)
      y.row(t)[i] = exact_weight(w, static_cast<std::size_t>(ids[t]), i);
  }
  return y;
}

TruthValue truth_add(const TruthValue& a, const TruthValue& b) {
  TruthValue y = a;
  for (std::size_t i = 0; i < y.x.size(); ++i) y.x[i] += b.x[i];
  return y;
}

TruthValue truth_mul(const TruthValue& a, const TruthValue& b) {
  TruthValue y = a;
  for (std::size_t i = 0; i < y.x.size(); ++i) y.x[i] *= b.x[i];
  return y;
}

TruthValue truth_add_bias(const TruthValue& x, std::span<const float> bias) {
  TruthValue y = x;
  for (std::size_t i = 0; i < y.x.size(); ++i) y.x[i] += static_cast<double>(bias[i % y.width]);
  return y;
}

TruthValue truth_silu(TruthValue x) {
  for (double& v : x.x) v /= 1 + std::exp(-v);
  return x;
}

TruthValue truth_rms_norm(const TruthValue& x, std::span<const float> weight, double eps) {
  TruthValue y = x;
  const std::size_t n = weight.size();
  for (std::size_t begin = 0; begin < y.x.size(); begin += n) {
    double* row = y.x.data() + begin;
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += row[i] * row[i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + eps);
    for (std::size_t i = 0; i < n; ++i) row[i] *= scale * static_cast<double>(weight[i]);
  }
  return y;
}

TruthValue truth_rope(const TruthValue& x, const RopeTable& table, std::size_t heads,
                      bool interleaved, std::size_t first_position) {
  TruthValue y = x;
  const std::size_t half = table.half;
  for (std::size_t r = 0; r < x.rows; ++r) {
    const std::size_t at = (first_position + r) * half;
    for (std::size_t h = 0; h < heads; ++h) {
      for (std::size_t i = 0; i < half; ++i) {
        const std::size_t a = h * 2 * half + (interleaved ? 2 * i : i);
        const std::size_t b = a + (interleaved ? 1 : half);
        const auto cos = static_cast<double>(table.cos[at + i]);
        const auto sin = static_cast<double>(table.sin[at + i]);
        y.row(r)[a] = x.row(r)[a] * cos - x.row(r)[b] * sin;
        y.row(r)[b] = x.row(r)[b] * cos + x.row(r)[a] * sin;
      }
    }
  }
  return y;
}

TruthValue truth_softmax(TruthValue x) {
  for (std::size_t r = 0; r < x.rows; ++r) softmax_row(x.row(r), x.width);
  return x;
}

TruthValue truth_normalize(TruthValue x) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const double sum = std::accumulate(x.row(r), x.row(r) + x.width, 0.0);
    for (std::size_t i = 0; i < x.width; ++i) x.row(r)[i] /= sum;
  }
  return x;
}

std::pair<TruthValue, TruthValue> truth_top_k(const TruthValue& x, std::size_t k) {
  TruthValue values = truth_rows(x.rows, k);
  TruthValue ids{x.rows, k, {}, std::vector<std::int32_t>(x.rows * k)};
  std::vector<std::int32_t> order(x.width);
  for (std::size_t r = 0; r < x.rows; ++r) {
    std::iota(order.begin(), order.end(), 0);
    const double* row = x.row(r);
    std::stable_sort(order.begin(), order.end(),
                     [row](std::int32_t a, std::int32_t b) { return row[a] > row[b]; });
    for (std::size_t i = 0; i < k; ++i) {
      ids.ids[r * k + i] = order[i];
      values.row(r)[i] = row[order[i]];
    }
  }
  return {std::move(values), std::move(ids)};
}

TruthValue truth_attention(const TruthValue& q, const TruthCache::Layer& cache,
                           const TruthAttention& attention, std::size_t first_position) {
  TruthValue y = truth_rows(q.rows, q.width);
  const std::size_t dim = q.width / attention.heads;
  const std::size_t kv_width = dim * attention.kv_heads;
  for (std::size_t r = 0; r < q.rows; ++r) {
    const std::size_t end = first_position + r + 1;
    const bool whole = attention.window == 0 || end <= attention.window;
    const std::size_t begin = whole ? 0 : end - attention.window;
    std::vector<double> weights(end - begin);
    for (std::size_t h = 0; h < attention.heads; ++h) {
      const std::size_t kv = h / (attention.heads / attention.kv_heads) * dim;
      const double* query = q.row(r) + h * dim;
      for (std::size_t p = begin; p < end; ++p) {
        const double* key = cache.keys.data() + p * kv_width + kv;
        weights[p - begin] = std::inner_product(query, query + dim, key, 0.0) * attention.scale;
      }
      softmax_row(weights.data(), weights.size());
      double* out = y.row(r) + h * dim;
      for (std::size_t p = begin; p < end; ++p) {
        const double* value = cache.values.data() + p * kv_width + kv;
        for (std::size_t d = 0; d < dim; ++d) out[d] += weights[p - begin] * value[d];
      }
    }
  }
  return y;
}

TruthValue truth_gather_matmul(std::span<const WeightView> experts, const TruthValue& x,
                               const TruthValue& ids, const ParallelFor& parallel) {
  const std::size_t slots = ids.rows * ids.width;
  const std::size_t n_out = experts.front().rows;
  const bool shared_row = x.rows == ids.rows && ids.width > 1;
  TruthValue y = truth_rows(slots, n_out);
  parallel(slots * n_out, [&](std::size_t begin, std::size_t end) {
    std::vector<double> weights;
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t slot = i / n_out;
      const WeightView& expert = experts[static_cast<std::size_t>(ids.ids[slot])];
      decode_row(expert, i % n_out, weights);
      y.row(slot)[i % n_out] = dot(weights, x.row(shared_row ? slot / ids.width : slot));
    }
  });
  return y;
}

TruthValue truth_combine(const TruthValue& x, const TruthValue& weights) {
  TruthValue y = truth_rows(weights.rows, x.width);
  for (std::size_t t = 0; t < weights.rows; ++t) {
    for (std::size_t s = 0; s < weights.width; ++s) {
      const double* row = x.row(t * weights.width + s);
      for (std::size_t i = 0; i < x.width; ++i) y.row(t)[i] += weights.row(t)[s] * row[i];
    }
  }
  return y;
}

}  // namespace fidelio
