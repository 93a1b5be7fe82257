// What one arm remembers of earlier tokens, layer by layer: keys and values of attention (layout:
// kernels/attention.h), rows of short convolutions (kernels/short_conv.h); all float32.
#pragma once

#include <cstdint>
#include <vector>

#include "core/aligned_vector.h"
#include "core/graph.h"
#include "kernels/attention.h"
#include "kernels/short_conv.h"

namespace fidelio {

class Cache {
 public:
  enum class Keep : std::uint8_t {
    needed,     ///< what later tokens read: of a sliding window or a convolution no more than that
    everything  ///< every position, for evaluations that start again in the middle
  };

  /// Without layers.
  Cache() = default;
  /// Room for `capacity` positions, in steps of at most max_step tokens, of every layer that
  /// `graph` has attention or a short convolution in; all zero.
  Cache(const Graph& graph, std::size_t capacity, std::size_t max_step, Keep keep = Keep::needed);

  /// Forgets everything, and keeps so much from now on.
  void set_keep(Keep keep);

  std::size_t capacity() const { return capacity_; }
  std::size_t bytes() const { return memory_.size() * sizeof(float); }

  /// Of a layer with attention, or with a short convolution.
  KvCacheView layer(std::size_t index);
  ConvCacheView conv(std::size_t index);

 private:
  struct Layer {
    bool is_conv = false;
    std::size_t reach = 0;  ///< positions a token sees, its own included; 0: all
    std::size_t heads = 0;
    std::size_t width = 0;  ///< head_dim, or channels
    std::size_t slots = 0;
    std::size_t offset = 0;  ///< in memory_
  };
  void add_layer(const Graph& graph, const Node& node);
  const Layer& at(std::size_t index, bool is_conv) const;

  std::size_t capacity_ = 0;
  std::size_t max_step_ = 0;
  std::vector<Layer> layers_;
  AlignedVector<float> memory_;
};

}  // namespace fidelio
