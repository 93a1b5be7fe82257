// down_combine: before and after, and every refusal.
#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;

constexpr const char* kDown = R"(
  %m   = input [1, 4, 32]
  %ids = input [1, 4]
  %w   = input [1, 4]
  %d   = gather_matmul @down_proj, %m, %ids
  %out = combine %d, %w )";

TEST(DownCombine, FusesTheProjectionAndTheSumOverExperts) {
  Graph g = parse_graph(kDown);

  const PatchReport report = apply(kDownCombine, g, env_with(1));

  EXPECT_EQ(report.applied, 1);
  EXPECT_EQ(to_text(g), text(R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %w   = input [1, 4]
    %out = down_combine @down_proj, %m, %ids, %w )"));
}

TEST(DownCombine, RefusesAboveTheGuard) {
  EXPECT_EQ(refusal(kDownCombine, kDown, env_with(64)),
            "n_tokens_above_guard: 64 tokens, guard admits 1 to 32");
}

TEST(DownCombine, RefusesABlockThatIsReadElsewhere) {
  EXPECT_EQ(refusal(kDownCombine, std::string(kDown) + "\n%other = silu %d"),
            "shared_intermediate: %d is also read by %other = silu %d");
  EXPECT_EQ(refusal(kDownCombine, std::string(kDown) + "\noutput %out, %d"),
            "shared_intermediate: %d is an output of the graph");
}

TEST(DownCombine, RefusesARowForEveryToken) {
  EXPECT_EQ(refusal(kDownCombine, R"(
    %m   = input [1, 32]
    %ids = input [1, 4]
    %w   = input [1, 4]
    %d   = gather_matmul @down_proj, %m, %ids
    %out = combine %d, %w )"),
            "unsupported_shape: %m has one row for every token, expected one for every expert");
}

TEST(DownCombine, RefusesRowsThatNoProjectionMade) {
  EXPECT_EQ(refusal(kDownCombine, R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %w   = input [1, 4]
    %d   = gather_matmul @down_proj, %m, %ids
    %s   = silu %d
    %out = combine %s, %w )"),
            "not_gather_matmul: the combined rows are made by silu");
}

TEST(DownCombine, AProjectionAloneIsNoSite) {
  EXPECT_TRUE(no_site(kDownCombine, R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %out = gather_matmul @down_proj, %m, %ids )"));
}

TEST(DownCombine, FusesTheBiasesOfItsExperts) {
  const std::string biased = R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %w   = input [1, 4]
    %d   = gather_matmul @down_proj, %m, %ids
    %b   = add_expert_bias @down_bias, %d, %ids
    %out = combine %b, %w )";

  EXPECT_EQ(patched(kDownCombine, biased), text(R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %w   = input [1, 4]
    %out = down_combine @down_proj, @down_bias, %m, %ids, %w )"));
  EXPECT_EQ(refusal(kDownCombine, biased + "\noutput %out, %b"),
            "shared_intermediate: %b is an output of the graph");
}

TEST(DownCombine, RefusesBiasesOfOtherExperts) {
  EXPECT_EQ(refusal(kDownCombine, R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %other = input [1, 4]
    %w   = input [1, 4]
    %d   = gather_matmul @down_proj, %m, %ids
    %b   = add_expert_bias @down_bias, %d, %other
    %out = combine %b, %w )"),
            "different_ids: down_proj reads %ids, its biases %other");
}

}  // namespace
}  // namespace fidelio
