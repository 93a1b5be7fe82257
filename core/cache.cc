#include "core/cache.h"

#include <algorithm>

#include "core/check.h"

namespace fidelio {
namespace {

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

std::size_t whole_blocks(std::size_t positions) { return (positions + 15) / 16 * 16; }

}  // namespace

Cache::Cache(const Graph& graph, std::size_t capacity, std::size_t max_step, Keep keep)
    : capacity_(whole_blocks(capacity)), max_step_(max_step) {
  for (const Node& node : graph.nodes())
    if (node.op == Op::attention || node.op == Op::short_conv) add_layer(graph, node);
  set_keep(keep);
}

void Cache::add_layer(const Graph& graph, const Node& node) {
  Layer layer;
  const std::size_t width = size(graph.value(node.inputs[0]).shape[1]);
  if (node.op == Op::short_conv) {
    const Shape& taps = graph.param(node.params[0]).shape;
    FIDELIO_CHECK(!taps.empty());
    layer = {true, size(taps[1]), 1, width};
  } else {
    layer.reach = node.has("sliding_window") ? size(node.integer("sliding_window")) : 0;
    layer.heads = size(node.integer("num_key_value_heads"));
    layer.width = width / size(node.integer("num_attention_heads"));
  }
  const std::size_t index = size(node.integer("layer"));
  if (layers_.size() <= index) layers_.resize(index + 1);
  layers_[index] = layer;
}

void Cache::set_keep(Keep keep) {
  std::size_t floats = 0;
  for (Layer& layer : layers_) {
    const bool bounded = keep == Keep::needed && layer.reach > 0;
    const std::size_t needed = bounded ? layer.reach - 1 + max_step_ : capacity_;
    layer.slots = std::min(capacity_, whole_blocks(needed));
    layer.offset = floats;
    floats += (layer.is_conv ? 1 : 2) * layer.slots * layer.heads * layer.width;
  }
  memory_ = AlignedVector<float>(floats);
}

const Cache::Layer& Cache::at(std::size_t index, bool is_conv) const {
  FIDELIO_CHECK(index < layers_.size() && layers_[index].width > 0 &&
                layers_[index].is_conv == is_conv);
  return layers_[index];
}

KvCacheView Cache::layer(std::size_t index) {
  const Layer& layer = at(index, false);
  float* keys = memory_.data() + layer.offset;
  return {keys, keys + layer.slots * layer.heads * layer.width, layer.slots, layer.heads,
          layer.width};
}

ConvCacheView Cache::conv(std::size_t index) {
  const Layer& layer = at(index, true);
  return {memory_.data() + layer.offset, layer.slots, layer.width};
}

}  // namespace fidelio
