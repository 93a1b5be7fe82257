// Attention and short convolutions as plain loops, over cached positions and the rows of the step
// itself.
#pragma once

#include <span>

#include "core/cache.h"
#include "core/truth/truth_values.h"

namespace fidelio {

struct TruthAttention {
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  double scale = 0;
  std::size_t window = 0;             ///< 0: none
  std::span<const float> sinks = {};  ///< one a head, or none
};

/// The keys and values that the rows of a step see.
template <class T>
struct TruthContext {
  const CacheRows<T>& cache;               ///< of the positions before the step
  const CacheRows<T>& own;                 ///< of the step's rows
  std::span<const std::size_t> positions;  ///< of the step's rows
  /// Every row is a step of its own behind the cache; else the rows are one step's tokens.
  bool rows_apart = false;

  const T* keys(std::size_t row, std::size_t position, std::size_t width) const {
    return at(cache.keys, own.keys, row, position, width);
  }
  const T* conv_rows(std::size_t row, std::size_t position, std::size_t width) const {
    return at(cache.conv_rows, own.conv_rows, row, position, width);
  }
  const T* values(std::size_t row, std::size_t position, std::size_t width) const {
    return at(cache.values, own.values, row, position, width);
  }

 private:
  const T* at(const std::vector<T>& cached, const std::vector<T>& mine, std::size_t row,
              std::size_t position, std::size_t width) const {
    const std::size_t first = positions[rows_apart ? row : 0];
    if (position < first) return cached.data() + position * width;
    return mine.data() + (rows_apart ? row : position - first) * width;
  }
};

/// q [rows, heads * head_dim] -> the same.
template <class T>
Rows<T> truth_attention(const Rows<T>& q, const TruthContext<T>& context,
                        const TruthAttention& attention);

/// x [rows, channels] -> the same; taps [n_taps, channels].
template <class T>
Rows<T> truth_short_conv(const Rows<T>& x, const TruthContext<T>& context,
                         std::span<const float> taps);

/// The first n positions of one layer of an arm's cache, which keeps everything.
template <class T>
CacheRows<T> read_cache(const KvCacheView& layer, std::size_t n_positions);
template <class T>
CacheRows<T> read_cache(const ConvCacheView& layer, std::size_t n_positions);

}  // namespace fidelio
