#include "core/truth/truth_attention.h"

#include "core/check.h"
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
      if (!attention.sinks.empty()) weights.x.push_back(static_cast<T>(attention.sinks[h]));
      weights.width = weights.x.size();
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
Rows<T> truth_short_conv(const Rows<T>& x, const TruthContext<T>& context,
                         std::span<const float> taps) {
  Rows<T> y = zero_rows<T>(x.rows, x.width);
  const std::size_t n_taps = taps.size() / x.width;
  for (std::size_t r = 0; r < x.rows; ++r) {
    const std::size_t position = context.positions[r];
    for (std::size_t j = 0; j < n_taps; ++j) {
      if (position + j + 1 < n_taps) continue;  // before the first position
      const T* row = context.conv_rows(r, position + j + 1 - n_taps, x.width);
      for (std::size_t c = 0; c < x.width; ++c)
        y.row(r)[c] += static_cast<T>(taps[j * x.width + c]) * row[c];
    }
  }
  return y;
}

template <class T>
CacheRows<T> read_cache(const KvCacheView& layer, std::size_t n_positions) {
  FIDELIO_CHECK(n_positions <= layer.capacity);
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

template <class T>
CacheRows<T> read_cache(const ConvCacheView& layer, std::size_t n_positions) {
  FIDELIO_CHECK(n_positions <= layer.slots);
  CacheRows<T> rows;
  rows.conv_rows.assign(layer.rows, layer.rows + n_positions * layer.channels);
  return rows;
}

template Rows<double> truth_short_conv(const Rows<double>&, const TruthContext<double>&,
                                       std::span<const float>);
template Rows<float> truth_short_conv(const Rows<float>&, const TruthContext<float>&,
                                      std::span<const float>);
template CacheRows<double> read_cache(const ConvCacheView&, std::size_t);
template CacheRows<float> read_cache(const ConvCacheView&, std::size_t);
template Rows<double> truth_attention(const Rows<double>&, const TruthContext<double>&,
                                      const TruthAttention&);
template Rows<float> truth_attention(const Rows<float>&, const TruthContext<float>&,
                                     const TruthAttention&);
template CacheRows<double> read_cache(const KvCacheView&, std::size_t);
template CacheRows<float> read_cache(const KvCacheView&, std::size_t);

}  // namespace fidelio
