#include "core/scratch_layout.h"

#include <algorithm>
#include <map>

namespace fidelio {
namespace {

std::size_t row_width(const Value& value) {
  std::size_t width = 1;
  for (std::size_t d = 1; d < value.shape.size(); ++d)
    width *= static_cast<std::size_t>(value.shape[d]);
  return width;
}

/// First-fit intervals of one region.
class Region {
 public:
  std::size_t take(std::size_t width) {
    std::size_t at = 0;
    for (const auto& [begin, end] : taken_) {
      if (begin >= at + width) break;
      at = std::max(at, end);
    }
    taken_[at] = at + width;
    high_ = std::max(high_, at + width);
    return at;
  }
  void give_back(std::size_t offset) { taken_.erase(offset); }
  std::size_t high() const { return high_; }

 private:
  std::map<std::size_t, std::size_t> taken_;
  std::size_t high_ = 0;
};

std::vector<std::size_t> last_readers(const Graph& graph) {
  std::vector<std::size_t> last(graph.values().size(), 0);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    for (const ValueId output : graph.nodes()[n].outputs)
      last[static_cast<std::size_t>(output)] = n;
    for (const ValueId input : graph.nodes()[n].inputs) last[static_cast<std::size_t>(input)] = n;
  }
  for (const ValueId output : graph.outputs())
    last[static_cast<std::size_t>(output)] = graph.nodes().size();
  return last;
}

/// ids and positions come from the step, caches from the arm.
bool has_memory(const Graph& graph, const Node& node) {
  if (node.op == Op::kv_append) return false;
  if (node.op != Op::input) return true;
  const std::string& name = graph.value(node.outputs[0]).name;
  return name != "ids" && name != "positions";
}

}  // namespace

ScratchLayout lay_out(const Graph& graph) {
  ScratchLayout layout;
  layout.places.resize(graph.values().size());
  const std::vector<std::size_t> last = last_readers(graph);
  Region tokens;
  Region wanted;
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    if (has_memory(graph, node)) {
      for (const ValueId id : node.outputs) {
        ScratchLayout::Place& place = layout.places[static_cast<std::size_t>(id)];
        place.wanted_rows = graph.value(id).shape[0] == kWantedRows;
        place.width = row_width(graph.value(id));
        place.offset = (place.wanted_rows ? wanted : tokens).take(place.width);
      }
    }
    for (std::size_t v = 0; v < last.size(); ++v) {
      const ScratchLayout::Place& place = layout.places[v];
      if (last[v] == n && place.width > 0)
        (place.wanted_rows ? wanted : tokens).give_back(place.offset);
    }
  }
  layout.per_token = tokens.high();
  layout.per_wanted_row = wanted.high();
  return layout;
}

}  // namespace fidelio
