// router_topk: the three routings before and after, and every refusal.
#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;

constexpr const char* kNormalised = R"(
  %logits = input [1, 8]
  %p      = softmax %logits
  %t, %e  = top_k %p {k=2}
  %w      = normalize %t
  output %w, %e )";

constexpr const char* kTopKFirst = R"(
  %logits = input [1, 8]
  %t, %e  = top_k %logits {k=2}
  %w      = softmax %t
  output %w, %e )";

TEST(RouterTopk, FusesSoftmaxTopKAndNormalise) {
  EXPECT_EQ(patched(kRouterTopk, kNormalised), text(R"(
    %logits = input [1, 8]
    %w, %e  = router_topk %logits {k=2, order=softmax_topk, normalize=1}
    output %w, %e )"));
}

TEST(RouterTopk, FusesSoftmaxAndTopK) {
  EXPECT_EQ(patched(kRouterTopk, R"(
    %logits = input [1, 8]
    %p      = softmax %logits
    %w, %e  = top_k %p {k=2}
    output %w, %e )"),
            text(R"(
    %logits = input [1, 8]
    %w, %e  = router_topk %logits {k=2, order=softmax_topk, normalize=0}
    output %w, %e )"));
}

TEST(RouterTopk, FusesTopKAndSoftmax) {
  EXPECT_EQ(patched(kRouterTopk, kTopKFirst), text(R"(
    %logits = input [1, 8]
    %w, %e  = router_topk %logits {k=2, order=topk_softmax, normalize=0}
    output %w, %e )"));
}

TEST(RouterTopk, TheSiteIsNamedAfterTheWeightsThatStay) {
  Graph g = parse_graph(kNormalised);

  const PatchReport report = apply(kRouterTopk, g, env_with(1));

  ASSERT_EQ(report.sites.size(), 1U);
  EXPECT_EQ(report.sites[0].site, "w");
  EXPECT_EQ(report.sites[0].inputs, std::vector<std::string>{"logits"});
  EXPECT_EQ(report.sites[0].outputs, (std::vector<std::string>{"w", "e"}));
}

TEST(RouterTopk, RefusesAboveTheGuard) {
  EXPECT_EQ(refusal(kRouterTopk, kTopKFirst, env_with(33)),
            "n_tokens_above_guard: 33 tokens, guard admits 1 to 32");
}

TEST(RouterTopk, RefusesProbabilitiesThatAreReadElsewhere) {
  EXPECT_EQ(refusal(kRouterTopk, R"(
    %logits = input [1, 8]
    %p      = softmax %logits
    %t, %e  = top_k %p {k=2}
    %loss   = silu %p
    output %t, %e, %loss )"),
            "shared_intermediate: %p is also read by %loss = silu %p");
}

TEST(RouterTopk, RefusesUnnormalisedWeightsThatAreReadElsewhere) {
  EXPECT_EQ(refusal(kRouterTopk, R"(
    %logits = input [1, 8]
    %p      = softmax %logits
    %t, %e  = top_k %p {k=2}
    %w      = normalize %t
    output %w, %t, %e )"),
            "shared_intermediate: %t is an output of the graph");
  EXPECT_EQ(refusal(kRouterTopk, std::string(R"(
    %logits = input [1, 8]
    %t, %e  = top_k %logits {k=2}
    %w      = softmax %t
    %v      = silu %t
    output %w, %v, %e )")),
            "shared_intermediate: %t is also read by %v = silu %t");
}

TEST(RouterTopk, RefusesASelectionWithoutSoftmax) {
  EXPECT_EQ(refusal(kRouterTopk, R"(
    %logits = input [1, 8]
    %t, %e  = top_k %logits {k=2}
    %w      = normalize %t
    output %w, %e )"),
            "no_softmax: neither %logits nor %t is a softmax's");
}

TEST(RouterTopk, ASoftmaxAloneIsNoSite) {
  EXPECT_TRUE(no_site(kRouterTopk, "%x = input [1, 8]\n%p = softmax %x"));
}

}  // namespace
}  // namespace fidelio
