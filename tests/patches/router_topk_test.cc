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

constexpr const char* kBiased = R"(
  %logits = input [1, 8]
  %s      = sigmoid %logits
  %b      = add_bias @expert_bias, %s
  %t, %e  = top_k %b {k=2}
  %v      = take %s, %e
  %n      = normalize %v {eps=1e-06}
  %w      = mul_scalar %n {value=2.5}
  output %w, %e )";

TEST(RouterTopk, FusesSigmoidScoresWithABiasForTheSelectionAlone) {
  EXPECT_EQ(patched(kRouterTopk, kBiased), text(R"(
    %logits = input [1, 8]
    %w, %e = router_topk @expert_bias, %logits {k=2, order=sigmoid_topk, normalize=1, eps=1e-06, factor=2.5}
    output %w, %e )"));
}

TEST(RouterTopk, FusesSigmoidScoresWithoutABias) {
  EXPECT_EQ(patched(kRouterTopk, R"(
    %logits = input [1, 8]
    %s      = sigmoid %logits
    %t, %e  = top_k %s {k=2}
    output %t, %e )"),
            text(R"(
    %logits = input [1, 8]
    %t, %e = router_topk %logits {k=2, order=sigmoid_topk, normalize=0}
    output %t, %e )"));
}

TEST(RouterTopk, LeavesTheBiasOfTheRouterItselfOutside) {
  EXPECT_EQ(patched(kRouterTopk, R"(
    %x      = input [1, 8]
    %logits = add_bias @bias, %x
    %t, %e  = top_k %logits {k=2}
    %w      = softmax %t
    output %w, %e )"),
            text(R"(
    %x      = input [1, 8]
    %logits = add_bias @bias, %x
    %w, %e  = router_topk %logits {k=2, order=topk_softmax, normalize=0}
    output %w, %e )"));
}

TEST(RouterTopk, RefusesWeightsThatKeepTheSelectionBias) {
  EXPECT_EQ(refusal(kRouterTopk, R"(
    %logits = input [1, 8]
    %s      = sigmoid %logits
    %b      = add_bias @expert_bias, %s
    %t, %e  = top_k %b {k=2}
    %w      = normalize %t
    output %w, %e )"),
            "biased_weights: the weights are not %s at the chosen experts, without the bias");
  EXPECT_EQ(refusal(kRouterTopk, R"(
    %logits = input [1, 8]
    %s      = sigmoid %logits
    %b      = add_bias @expert_bias, %s
    %t, %e  = top_k %b {k=2}
    %w      = take %b, %e
    output %w, %e )"),
            "biased_weights: the weights are not %s at the chosen experts, without the bias");
}

TEST(RouterTopk, RefusesScoresThatAThirdNodeReads) {
  EXPECT_EQ(refusal(kRouterTopk, std::string(kBiased).replace(std::string(kBiased).find("output"),
                                                              std::string::npos,
                                                              "%l = silu %s\noutput %w, %e, %l")),
            "shared_intermediate: %s is also read by %v = take %s, %e");
}

}  // namespace
}  // namespace fidelio
