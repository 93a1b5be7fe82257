// Where values lie: whole cache lines apart, never over one that still lives, and a place again
// once its last reader has run.
#include "core/scratch_layout.h"

#include <gtest/gtest.h>

#include "core/graph_text.h"

namespace fidelio {
namespace {

ScratchLayout::Place place_of(const Graph& graph, const ScratchLayout& layout,
                              const std::string& name) {
  for (std::size_t i = 0; i < graph.values().size(); ++i)
    if (graph.values()[i].name == name) return layout.places[i];
  ADD_FAILURE() << "no value " << name;
  return {};
}

Graph routed_experts() {
  return parse_graph(R"(
    %scores = input [1, 24]
    %x      = input [1, 64]
    %weights, %ids = router_topk %scores {k=5, normalize=1, order=softmax_topk}
    %sum    = add %x, %x
    %act    = silu %sum
    %last   = add %act, %x
    output %last
  )");
}

TEST(ScratchLayout, EveryValueStartsAtACacheLine) {
  const Graph graph = routed_experts();

  const ScratchLayout layout = lay_out(graph);

  for (const ScratchLayout::Place& place : layout.places) EXPECT_EQ(place.offset % 16, 0U);
  EXPECT_EQ(place_of(graph, layout, "weights").width, 5U);
}

TEST(ScratchLayout, ValuesThatLiveTogetherDoNotOverlap) {
  const Graph graph = routed_experts();

  const ScratchLayout layout = lay_out(graph);

  const auto x = place_of(graph, layout, "x");
  const auto sum = place_of(graph, layout, "sum");
  EXPECT_TRUE(sum.offset >= x.offset + x.width || x.offset >= sum.offset + sum.width);
}

TEST(ScratchLayout, APlaceIsUsedAgainAfterItsLastReader) {
  const Graph graph = routed_experts();

  const ScratchLayout layout = lay_out(graph);

  EXPECT_EQ(place_of(graph, layout, "last").offset, place_of(graph, layout, "sum").offset);
}

}  // namespace
}  // namespace fidelio
