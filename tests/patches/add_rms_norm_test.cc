// add_rms_norm: before and after, and every refusal.
#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;

constexpr const char* kNorm = R"(
  %x = input [1, 64]
  %o = input [1, 64]
  %s = add %x, %o
  %h = rms_norm @norm, %s {eps=1e-05}
  %y = add %s, %h )";

TEST(AddRmsNorm, FusesTheNormAndKeepsTheSum) {
  EXPECT_EQ(patched(kAddRmsNorm, kNorm), text(R"(
    %x     = input [1, 64]
    %o     = input [1, 64]
    %s, %h = add_rms_norm @norm, %x, %o {eps=1e-05}
    %y     = add %s, %h )"));
}

TEST(AddRmsNorm, FusesANormOfOneGroup) {
  EXPECT_EQ(patched(kAddRmsNorm, R"(
    %x = input [1, 64]
    %s = add %x, %x
    %h = rms_norm @norm, %s {eps=1e-05, groups=1} )"),
            text(R"(
    %x     = input [1, 64]
    %s, %h = add_rms_norm @norm, %x, %x {eps=1e-05}
    output %h )"));
}

TEST(AddRmsNorm, ASumBetweenLayersCountsToTheLayerThatReadsIt) {
  EXPECT_EQ(patched(kAddRmsNorm, R"(
    %x = input [1, 64]
    layer 0
    %s = add %x, %x
    layer 1
    %h = rms_norm @norm, %s {eps=1e-05} )"),
            text(R"(
    %x     = input [1, 64]
    layer 1
    %s, %h = add_rms_norm @norm, %x, %x {eps=1e-05}
    output %h )"));
}

TEST(AddRmsNorm, RefusesAboveTheGuard) {
  EXPECT_EQ(refusal(kAddRmsNorm, kNorm, env_with(33)),
            "n_tokens_above_guard: 33 tokens, guard admits 1 to 32");
}

TEST(AddRmsNorm, RefusesNormsOverGroups) {
  EXPECT_EQ(refusal(kAddRmsNorm, R"(
    %x = input [1, 64]
    %s = add %x, %x
    %h = rms_norm @norm, %s {eps=1e-05, groups=4} )"),
            "grouped_norm: %h norms each of 4 groups");
}

TEST(AddRmsNorm, RefusesASecondNormOfTheSameSum) {
  Graph g = parse_graph(R"(
    %x = input [1, 64]
    %s = add %x, %x
    %h = rms_norm @norm, %s {eps=1e-05}
    %i = rms_norm @other, %s {eps=1e-05}
    output %h, %i )");

  const PatchReport report = apply(kAddRmsNorm, g, env_with(1));

  ASSERT_EQ(report.sites.size(), 2U);
  EXPECT_TRUE(report.sites[0].applied);
  EXPECT_EQ(site_text(report.sites[1]),
            "%i: refused, overlapping_site: the sum is already fused with %h");
}

TEST(AddRmsNorm, NormsOfOtherValuesAreNoSites) {
  EXPECT_TRUE(no_site(kAddRmsNorm, R"(
    %x = input [M, 64]
    %s = add %x, %x
    %r = wanted_rows %s
    %h = rms_norm @norm, %r {eps=1e-05} )"));
  EXPECT_TRUE(no_site(kAddRmsNorm, R"(
    %x = input [1, 64]
    %y = add %x, %x
    %s, %h = add_rms_norm @norm, %x, %y {eps=1e-05}
    %i = rms_norm @other, %h {eps=1e-05} )"));
}

}  // namespace
}  // namespace fidelio
