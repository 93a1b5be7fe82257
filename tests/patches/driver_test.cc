// The driver: widths, reports, several sites, and that a broken patch is noticed.
#include "patches/driver.h"

#include <gmock/gmock.h>

#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;
using ::testing::ElementsAre;

constexpr const char* kTwoLayers = R"(
  %x  = input [M, 64]
  %o  = input [M, 64]
  layer 0
  %s0 = add %x, %o
  %h0 = rms_norm @norm0, %s0 {eps=1e-05}
  layer 1
  %s1 = add %s0, %h0
  %h1 = rms_norm @norm1, %s1 {eps=1e-05}
  output %h1 )";

TEST(Driver, AppliesEverySiteAndReportsThemInOrder) {
  Graph g = parse_graph(kTwoLayers);

  const PatchReport report = apply(kAddRmsNorm, g, env_with(1));

  EXPECT_EQ(report.applied, 2);
  EXPECT_EQ(report.refused, 0);
  EXPECT_EQ(report.patch, "add_rms_norm");
  EXPECT_EQ(report.numerics, Numerics::bit_exact);
  ASSERT_EQ(report.sites.size(), 2U);
  EXPECT_EQ(site_text(report.sites[0]), "layer 0 %h0: applied");
  EXPECT_EQ(site_text(report.sites[1]), "layer 1 %h1: applied");
  EXPECT_EQ(report.sites[1].op, Op::rms_norm);
  EXPECT_THAT(report.sites[1].inputs, ElementsAre("s0", "h0"));
  EXPECT_THAT(report.sites[1].outputs, ElementsAre("s1", "h1"));
}

TEST(Driver, TheGuardAdmitsItsEndsAndNothingBeyond) {
  for (const std::int64_t n_tokens : {1, 2, 31, 32}) {
    Graph g = parse_graph(kTwoLayers);
    EXPECT_EQ(apply(kAddRmsNorm, g, env_with(n_tokens)).applied, 2) << n_tokens;
  }
  for (const std::int64_t n_tokens : {0, 33, 512}) {
    Graph g = parse_graph(kTwoLayers);
    EXPECT_EQ(apply(kAddRmsNorm, g, env_with(n_tokens)).refused, 2) << n_tokens;
  }
}

TEST(Driver, TheEnvironmentMayMoveTheGuard) {
  PatchEnv env = env_with(1);
  env.guard_range = GuardRange{2, 4};
  Graph g = parse_graph(kTwoLayers);

  const PatchReport report = apply(kAddRmsNorm, g, env);

  ASSERT_EQ(report.sites.size(), 2U);
  EXPECT_EQ(site_text(report.sites[0]),
            "layer 0 %h0: refused, n_tokens_below_guard: 1 token, guard admits 2 to 4");
  EXPECT_EQ(g, parse_graph(kTwoLayers));
}

TEST(Driver, ASecondApplicationFindsNothing) {
  Graph g = parse_graph(kTwoLayers);
  apply(kAddRmsNorm, g, env_with(1));
  const Graph once = g;

  const PatchReport again = apply(kAddRmsNorm, g, env_with(1));

  EXPECT_TRUE(again.sites.empty());
  EXPECT_EQ(g, once);
}

TEST(Driver, AppliesPatchesOneAfterTheOther) {
  Graph g = parse_graph(kTwoLayers);

  const std::vector<PatchReport> reports = apply_all(all_patches(), g, env_with(1));

  ASSERT_EQ(reports.size(), all_patches().size());
  EXPECT_EQ(reports[0].sites.size(), 0U);
  EXPECT_EQ(reports.back().applied, 2);
}

// Broken patches, each the twin of kAddRmsNorm: the driver must notice.

std::optional<Match> find_norm(const Graph& graph, NodeId root) {
  return kAddRmsNorm.find(graph, root);
}

Decision always(const Graph&, const Match&, const PatchEnv&) { return admit(); }

Node fused_norm(const Graph& graph, const Match& match) {
  const Node& sum = graph.node(match.nodes[0]);
  const Node& norm = graph.node(match.nodes[1]);
  Node fused;
  fused.op = Op::add_rms_norm;
  fused.params = norm.params;
  fused.inputs = sum.inputs;
  fused.outputs = {sum.outputs[0], match.result};
  fused.attributes = norm.attributes;
  return fused;
}

void forget_to_erase_the_norm(GraphEditor& editor, const Match& match) {
  editor.replace(match.nodes[0], fused_norm(editor.graph(), match));
}

void lose_the_result(GraphEditor& editor, const Match& match) { editor.erase(match.nodes[1]); }

void read_what_is_not_made_yet(GraphEditor& editor, const Match& match) {
  Node fused = fused_norm(editor.graph(), match);
  fused.inputs[0] = match.result;
  editor.erase(match.nodes[1]);
  editor.replace(match.nodes[0], std::move(fused));
}

void forget_an_attribute(GraphEditor& editor, const Match& match) {
  Node fused = fused_norm(editor.graph(), match);
  fused.attributes.clear();
  editor.erase(match.nodes[1]);
  editor.replace(match.nodes[0], std::move(fused));
}

TEST(Driver, NoticesRewritesThatLeaveABrokenGraph) {
  for (const auto rewrite : {forget_to_erase_the_norm, lose_the_result, read_what_is_not_made_yet,
                             forget_an_attribute}) {
    const Patch broken{"broken", Numerics::bit_exact, find_norm, always, rewrite};
    Graph g = parse_graph(kTwoLayers);

    EXPECT_THROW(apply(broken, g, env_with(1)), GraphError);
  }
}

}  // namespace
}  // namespace fidelio
