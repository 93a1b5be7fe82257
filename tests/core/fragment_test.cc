// What a rewrite replaced, found again in the graph of before.
#include "core/fragment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph_text.h"

namespace fidelio {
namespace {

using ::testing::ElementsAre;

const char* const kBefore = R"(
  %x   = input [1, 64]
  %ids = input [1, 4] i32
  %g   = gather_matmul @gate_proj, %x, %ids
  %u   = gather_matmul @up_proj, %x, %ids
  %s   = silu %g
  %m   = mul %s, %u
  output %m
)";

const char* const kAfter = R"(
  %x   = input [1, 64]
  %ids = input [1, 4] i32
  %m   = gate_up_swiglu @gate_proj, @up_proj, %x, %ids
  output %m
)";

std::vector<std::string> names(const Graph& graph, const std::vector<ValueId>& values) {
  std::vector<std::string> list;
  for (const ValueId value : values) list.push_back(graph.value(value).name);
  return list;
}

TEST(Fragment, HoldsWhatTheRewriteReplaced) {
  const Graph before = parse_graph(kBefore);

  const Fragment fragment = find_fragment(before, parse_graph(kAfter), {"m"});

  EXPECT_THAT(names(before, fragment.inputs), ElementsAre("x", "ids"));
  EXPECT_THAT(names(before, fragment.outputs), ElementsAre("m"));
  EXPECT_EQ(fragment.nodes.size(), 4);
}

TEST(Fragment, StopsAtValuesThatAreStillMade) {
  const Graph before = parse_graph(kBefore);
  const Graph after = parse_graph(R"(
    %x   = input [1, 64]
    %ids = input [1, 4] i32
    %g   = gather_matmul @gate_proj, %x, %ids
    %u   = gather_matmul @up_proj, %x, %ids
    %m   = mul %g, %u
    output %m
  )");

  const Fragment fragment = find_fragment(before, after, {"m"});

  EXPECT_THAT(names(before, fragment.inputs), ElementsAre("g", "u"));
  EXPECT_EQ(fragment.nodes.size(), 2);  // silu and mul, also what the rewrite forgot
}

TEST(Fragment, IsAGraphOfItsOwn) {
  const Graph before = parse_graph(kBefore);

  const Graph part = fragment_graph(before, find_fragment(before, parse_graph(kAfter), {"m"}));

  EXPECT_EQ(to_text(part), to_text(before));
}

TEST(Fragment, LeavesOutWhatOnlyTheRewriteMakes) {
  const Fragment fragment =
      find_fragment(parse_graph(kBefore), parse_graph(kAfter), {"m", "made_by_the_rewrite"});

  EXPECT_EQ(fragment.outputs.size(), 1);
}

}  // namespace
}  // namespace fidelio
