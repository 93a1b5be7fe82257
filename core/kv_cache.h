// The key-value cache of one arm: float32, one block of keys and values a layer (layout:
// kernels/attention.h).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/attention.h"

namespace fidelio {

class KvCache {
 public:
  /// Room for `capacity` positions, rounded up to whole blocks of 16; all zero.
  KvCache(std::size_t n_layers, std::size_t num_key_value_heads, std::size_t head_dim,
          std::size_t capacity)
      : heads_(num_key_value_heads),
        head_dim_(head_dim),
        capacity_((capacity + 15) / 16 * 16),
        keys_(n_layers * layer_floats()),
        values_(n_layers * layer_floats()) {}

  std::size_t capacity() const { return capacity_; }
  std::size_t bytes() const { return (keys_.size() + values_.size()) * sizeof(float); }

  KvCacheView layer(std::size_t index) {
    const std::size_t at = index * layer_floats();
    return {keys_.data() + at, values_.data() + at, capacity_, heads_, head_dim_};
  }

 private:
  std::size_t layer_floats() const { return heads_ * capacity_ * head_dim_; }

  std::size_t heads_;
  std::size_t head_dim_;
  std::size_t capacity_;
  std::vector<float> keys_;
  std::vector<float> values_;
};

}  // namespace fidelio
