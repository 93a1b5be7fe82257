// gather_matmul_int8: before and after, every refusal, and the patches that it competes with.
#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;

constexpr const char* kSwiglu = R"(
  %x   = input [1, 64]
  %ids = input [1, 4]
  %g   = gather_matmul @gate_proj, %x, %ids
  %u   = gather_matmul @up_proj, %x, %ids
  %s   = silu %g
  %out = mul %s, %u )";

constexpr const char* kDown = R"(
  %m   = input [1, 4, 32]
  %ids = input [1, 4]
  %w   = input [1, 4]
  %d   = gather_matmul @down_proj, %m, %ids
  %out = combine %d, %w )";

constexpr const char* kOneProjection = R"(
  %x   = input [1, 64]
  %ids = input [1, 4]
  %g   = gather_matmul @gate_proj, %x, %ids )";

TEST(GatherMatmulInt8, RoundsTheInputOfEveryProjection) {
  Graph g = parse_graph(kSwiglu);

  const PatchReport report = apply(kGatherMatmulInt8, g, env_with(1));

  EXPECT_EQ(report.applied, 2);
  EXPECT_EQ(report.numerics, Numerics::approximate);
  EXPECT_EQ(to_text(g), text(R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %g   = gather_matmul_int8 @gate_proj, %x, %ids
    %u   = gather_matmul_int8 @up_proj, %x, %ids
    %s   = silu %g
    %out = mul %s, %u )"));
}

TEST(GatherMatmulInt8, RoundsARowForEveryExpertToo) {
  EXPECT_EQ(patched(kGatherMatmulInt8, kDown), text(R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %w   = input [1, 4]
    %d   = gather_matmul_int8 @down_proj, %m, %ids
    %out = combine %d, %w )"));
}

TEST(GatherMatmulInt8, RefusesAboveTheGuard) {
  EXPECT_EQ(refusal(kGatherMatmulInt8, kOneProjection, env_with(33)),
            "n_tokens_above_guard: 33 tokens, guard admits 1 to 32");
}

TEST(GatherMatmulInt8, RefusesBelowTheGuard) {
  EXPECT_EQ(refusal(kGatherMatmulInt8, kOneProjection, env_with(0)),
            "n_tokens_below_guard: 0 tokens, guard admits 1 to 32");
}

TEST(GatherMatmulInt8, RefusesAProjectionThatIsRoundedOtherwise) {
  EXPECT_EQ(refusal(kGatherMatmulInt8, patched(kGatherMatmulInt16, kOneProjection)),
            "already_rounded: %g is made by gather_matmul_int16");
}

TEST(GatherMatmulInt8, FusedFormsRefuseWhatItHasRounded) {
  EXPECT_EQ(refusal(kGateUpSwiglu, patched(kGatherMatmulInt8, kSwiglu)),
            "already_rounded: %g is made by gather_matmul_int8");
  EXPECT_EQ(refusal(kDownCombine, patched(kGatherMatmulInt8, kDown)),
            "already_rounded: %d is made by gather_matmul_int8");
}

TEST(GatherMatmulInt8, ItsOwnProjectionIsNoSite) {
  EXPECT_TRUE(no_site(kGatherMatmulInt8, patched(kGatherMatmulInt8, kSwiglu)));
}

TEST(GatherMatmulInt8, ADenseProjectionIsNoSite) {
  EXPECT_TRUE(no_site(kGatherMatmulInt8, "%x = input [1, 64]\n%y = linear @q_proj, %x"));
}

}  // namespace
}  // namespace fidelio
