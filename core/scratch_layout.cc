#include "core/scratch_layout.h"

#include <algorithm>
#include <map>

#include "core/aligned_vector.h"

namespace fidelio {
namespace {

std::size_t row_width(const Value& value) {
  std::size_t width = 1;
  for (std::size_t d = 1; d < value.shape.size(); ++d)
    width *= static_cast<std::size_t>(value.shape[d]);
  return width;
}

/// Every value starts at a cache line: a vector load across two costs twice, and how fast an arm is
/// must not depend on what lies before a value.
std::size_t whole_lines(std::size_t width) {
  constexpr std::size_t kLine = kCacheLine / sizeof(float);
  return (width + kLine - 1) / kLine * kLine;
}

/// A value of a region while it waits for its place: live from node `first` to node `last`.
struct Span {
  std::size_t value;
  std::size_t width;
  std::size_t first;
  std::size_t last;
};

/// Gives every span the lowest offset at which nothing that lives at the same time lies; the widest
/// go first, so that small ones fill the gaps. Returns the end of the highest.
std::size_t place(std::vector<Span> spans, std::vector<ScratchLayout::Place>& places) {
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.width > b.width; });
  std::size_t high = 0;
  std::vector<Span> placed;
  for (const Span& span : spans) {
    std::map<std::size_t, std::size_t> taken;  // begin -> end
    for (const Span& other : placed) {
      if (other.first > span.last || span.first > other.last) continue;
      const std::size_t begin = places[other.value].offset;
      std::size_t& end = taken[begin];
      end = std::max(end, begin + other.width);
    }
    std::size_t at = 0;
    for (const auto& [begin, end] : taken) {
      if (begin >= at + span.width) break;
      at = std::max(at, end);
    }
    places[span.value].offset = at;
    high = std::max(high, at + span.width);
    placed.push_back(span);
  }
  return high;
}

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
  std::vector<Span> tokens;
  std::vector<Span> wanted;
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    if (!has_memory(graph, node)) continue;
    for (const ValueId id : node.outputs) {
      const auto value = static_cast<std::size_t>(id);
      ScratchLayout::Place& place = layout.places[value];
      place.wanted_rows = graph.value(id).shape[0] == kWantedRows;
      place.width = row_width(graph.value(id));
      (place.wanted_rows ? wanted : tokens)
          .push_back({value, whole_lines(place.width), n, last[value]});
    }
  }
  layout.per_token = place(std::move(tokens), layout.places);
  layout.per_wanted_row = place(std::move(wanted), layout.places);
  return layout;
}

}  // namespace fidelio
