#include "core/truth/truth_attention.h"

#include "core/truth/truth_ops.h"

namespace fidelio {

template <class T>
Rows<T> truth_attention(const Rows<T>& q, const TruthContext<T>& context,
                        const TruthAttention& attention) {
  Rows<T> y = zero_rows<T>(q.rows, q.width);
  const std::size_t dim = q.width / attention.heads;
  const std::size_t kv_width = dim * attention.kv_heads;
  const T scale = static_cast<T>(attention.scale);
  for (std::size_t r = 0; r < q.rows; ++r) {
    const std::size_t end = context.positions[r] + 1;
    const bool whole = attention.window == 0 || end <= attention.window;
    const std::size_t begin = whole ? 0 : end - attention.window;
    for (std::size_t h = 0; h < attention.heads; ++h) {
      const std::size_t kv = h / (attention.heads / attention.kv_heads) * dim;
      const T* query = q.row(r) + h * dim;
      Rows<T> weights = zero_rows<T>(1, end - begin);
      for (std::size_t p = begin; p < end; ++p) {
        const T* key = context.keys(r, p, kv_width) + kv;
        T sum = 0;
        for (std::size_t d = 0; d < dim; ++d) sum += query[d] * key[d];
        weights.x[p - begin] = sum * scale;
      }
      weights = truth_softmax(std::move(weights));
      T* out = y.row(r) + h * dim;
      for (std::size_t p = begin; p < end; ++p) {
        const T* value = context.values(r, p, kv_width) + kv;
        for (std::size_t d = 0; d < dim; ++d) out[d] += weights.x[p - begin] * value[d];
      }
    }
  }
  return y;
}

template <class T>
CacheRows<T> read_cache(const KvCacheView& layer, std::size_t n_positions) {
  CacheRows<T> rows;
  for (std::size_t p = 0; p < n_positions; ++p) {
    for (std::size_t h = 0; h < layer.heads; ++h) {
      for (std::size_t d = 0; d < layer.head_dim; ++d) {
        rows.keys.push_back(static_cast<T>(layer.keys[layer.key_index(h, p, d)]));
        rows.values.push_back(static_cast<T>(layer.values[layer.value_index(h, p) + d]));
      }
    }
  }
  return rows;
}

template Rows<double> truth_attention(const Rows<double>&, const TruthContext<double>&,
                                      const TruthAttention&);
template Rows<float> truth_attention(const Rows<float>&, const TruthContext<float>&,
                                     const TruthAttention&);
template CacheRows<double> read_cache(const KvCacheView&, std::size_t);
template CacheRows<float> read_cache(const KvCacheView&, std::size_t);

}  // namespace fidelio
