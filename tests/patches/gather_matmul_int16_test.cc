// gather_matmul_int16: before and after, and every refusal. Its competition is
// gather_matmul_int8_test.cc.
#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;

constexpr const char* kProjection = R"(
  %m   = input [1, 4, 32]
  %ids = input [1, 4]
  %d   = gather_matmul @down_proj, %m, %ids )";

TEST(GatherMatmulInt16, RoundsTheInputOfAProjection) {
  EXPECT_EQ(patched(kGatherMatmulInt16, kProjection), text(R"(
    %m   = input [1, 4, 32]
    %ids = input [1, 4]
    %d   = gather_matmul_int16 @down_proj, %m, %ids )"));
}

TEST(GatherMatmulInt16, RefusesAboveTheGuard) {
  EXPECT_EQ(refusal(kGatherMatmulInt16, kProjection, env_with(33)),
            "n_tokens_above_guard: 33 tokens, guard admits 1 to 32");
}

TEST(GatherMatmulInt16, RefusesBelowTheGuard) {
  EXPECT_EQ(refusal(kGatherMatmulInt16, kProjection, env_with(0)),
            "n_tokens_below_guard: 0 tokens, guard admits 1 to 32");
}

TEST(GatherMatmulInt16, RefusesAProjectionThatIsRoundedOtherwise) {
  EXPECT_EQ(refusal(kGatherMatmulInt16, patched(kGatherMatmulInt8, kProjection)),
            "already_rounded: %d is made by gather_matmul_int8");
}

TEST(GatherMatmulInt16, ItsOwnProjectionIsNoSite) {
  EXPECT_TRUE(no_site(kGatherMatmulInt16, patched(kGatherMatmulInt16, kProjection)));
}

}  // namespace
}  // namespace fidelio
