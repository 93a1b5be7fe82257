// gate_up_swiglu: before and after, and every refusal.
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

TEST(GateUpSwiglu, FusesBothProjectionsAndTheActivation) {
  Graph g = parse_graph(kSwiglu);

  const PatchReport report = apply(kGateUpSwiglu, g, env_with(1));

  EXPECT_EQ(report.applied, 1);
  EXPECT_EQ(to_text(g), text(R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %out = gate_up_swiglu @gate_proj, @up_proj, %x, %ids )"));
}

TEST(GateUpSwiglu, TakesTheFactorsInEitherOrder) {
  EXPECT_EQ(patched(kGateUpSwiglu, R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %u   = gather_matmul @up_proj, %x, %ids
    %g   = gather_matmul @gate_proj, %x, %ids
    %s   = silu %g
    %out = mul %u, %s )"),
            text(R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %out = gate_up_swiglu @gate_proj, @up_proj, %x, %ids )"));
}

TEST(GateUpSwiglu, RefusesAboveTheGuard) {
  EXPECT_EQ(refusal(kGateUpSwiglu, kSwiglu, env_with(33)),
            "n_tokens_above_guard: 33 tokens, guard admits 1 to 32");
}

TEST(GateUpSwiglu, RefusesAGateProjectionThatIsReadElsewhere) {
  EXPECT_EQ(refusal(kGateUpSwiglu, R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %g   = gather_matmul @gate_proj, %x, %ids
    %u   = gather_matmul @up_proj, %x, %ids
    %s   = silu %g
    %m   = mul %s, %u
    %out = add %m, %g )"),
            "shared_intermediate: %g is also read by %out = add %m, %g");
}

TEST(GateUpSwiglu, RefusesAProjectionThatIsReturned) {
  EXPECT_EQ(refusal(kGateUpSwiglu, std::string(kSwiglu) + "\noutput %out, %u"),
            "shared_intermediate: %u is an output of the graph");
  EXPECT_EQ(refusal(kGateUpSwiglu, std::string(kSwiglu) + "\noutput %out, %s"),
            "shared_intermediate: %s is an output of the graph");
}

TEST(GateUpSwiglu, RefusesAProjectionThatIsItsOwnFactor) {
  EXPECT_EQ(refusal(kGateUpSwiglu, R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %g   = gather_matmul @gate_proj, %x, %ids
    %s   = silu %g
    %out = mul %s, %g )"),
            "shared_intermediate: %g is also read by %out = mul %s, %g");
}

TEST(GateUpSwiglu, RefusesDifferentRows) {
  EXPECT_EQ(refusal(kGateUpSwiglu, R"(
    %x   = input [1, 64]
    %y   = input [1, 64]
    %ids = input [1, 4]
    %g   = gather_matmul @gate_proj, %x, %ids
    %u   = gather_matmul @up_proj, %y, %ids
    %s   = silu %g
    %out = mul %s, %u )"),
            "different_inputs: gate_proj reads %x, up_proj %y");
}

TEST(GateUpSwiglu, RefusesDifferentIds) {
  EXPECT_EQ(refusal(kGateUpSwiglu, R"(
    %x   = input [1, 64]
    %a   = input [1, 4]
    %b   = input [1, 4]
    %g   = gather_matmul @gate_proj, %x, %a
    %u   = gather_matmul @up_proj, %x, %b
    %s   = silu %g
    %out = mul %s, %u )"),
            "different_ids: gate_proj reads %a, up_proj %b");
}

TEST(GateUpSwiglu, RefusesOtherActivations) {
  const std::string head = R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %g   = gather_matmul @gate_proj, %x, %ids
    %u   = gather_matmul @up_proj, %x, %ids
  )";
  EXPECT_EQ(refusal(kGateUpSwiglu, head + "%s = softmax %g\n%out = mul %s, %u"),
            "activation_not_silu: the activation is softmax");
  EXPECT_EQ(refusal(kGateUpSwiglu, head + "%out = mul %g, %u"),
            "activation_not_silu: the product has no silu on exactly one side");
  EXPECT_EQ(refusal(kGateUpSwiglu, head + "%s = silu %g\n%t = silu %u\n%out = mul %s, %t"),
            "activation_not_silu: the product has no silu on exactly one side");
}

TEST(GateUpSwiglu, RefusesDenseProjections) {
  EXPECT_EQ(refusal(kGateUpSwiglu, R"(
    %x   = input [1, 64]
    %g   = linear @gate_proj, %x
    %u   = linear @up_proj, %x
    %s   = silu %g
    %out = mul %s, %u )"),
            "dense_projections: the projections are linear, the fused kernel reads experts by id");
}

TEST(GateUpSwiglu, RefusesARowForEveryExpert) {
  EXPECT_EQ(refusal(kGateUpSwiglu, R"(
    %x   = input [1, 4, 64]
    %ids = input [1, 4]
    %g   = gather_matmul @gate_proj, %x, %ids
    %u   = gather_matmul @up_proj, %x, %ids
    %s   = silu %g
    %out = mul %s, %u )"),
            "unsupported_shape: %x has one row for every expert, expected one for every token");
}

TEST(GateUpSwiglu, RefusesStacksOfDifferentSize) {
  EXPECT_EQ(refusal(kGateUpSwiglu, std::string("@gate_proj = experts [8, 32, 64]\n"
                                               "@up_proj = experts [9, 32, 64]") +
                                       kSwiglu),
            "unsupported_shape: gate_proj is [8, 32, 64], up_proj [9, 32, 64]");
}

TEST(GateUpSwiglu, OtherProductsAreNoSites) {
  EXPECT_TRUE(no_site(kGateUpSwiglu, "%a = input [1, 8]\n%b = input [1, 8]\n%out = mul %a, %b"));
  EXPECT_TRUE(no_site(kGateUpSwiglu, "%a = input [1, 8]\n%b = silu %a\n%out = mul %b, %b"));
}

constexpr const char* kClamped = R"(
  %x   = input [1, 64]
  %ids = input [1, 4]
  %g   = gather_matmul @gate_proj, %x, %ids
  %gb  = add_expert_bias @gate_bias, %g, %ids
  %u   = gather_matmul @up_proj, %x, %ids
  %ub  = add_expert_bias @up_bias, %u, %ids
  %gc  = clamp %gb {max=7}
  %uc  = clamp %ub {min=-7, max=7}
  %s   = silu %gc {alpha=1.702}
  %ua  = add_scalar %uc {value=1}
  %out = mul %s, %ua )";

/// kClamped with one of its lines changed.
std::string clamped_but(const std::string& from, const std::string& to) {
  std::string changed = kClamped;
  const std::size_t at = changed.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return changed.replace(at, from.size(), to);
}

TEST(GateUpSwiglu, FusesBiasesClampsAndTheAddedConstant) {
  EXPECT_EQ(patched(kGateUpSwiglu, kClamped), text(R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %out = gate_up_swiglu @gate_proj, @up_proj, @gate_bias, @up_bias, %x, %ids {gate_max=7, alpha=1.702, up_min=-7, up_max=7, up_add=1} )"));
}

TEST(GateUpSwiglu, RefusesAMixtureOfExpertsWithGelu) {
  EXPECT_EQ(refusal(kGateUpSwiglu, R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %g   = gather_matmul @gate_proj, %x, %ids
    %u   = gather_matmul @up_proj, %x, %ids
    %s   = gelu %g
    %out = mul %s, %u )"),
            "activation_not_silu: the activation is gelu");
}

TEST(GateUpSwiglu, RefusesFormsThatTheKernelDoesNotHave) {
  EXPECT_EQ(refusal(kGateUpSwiglu, clamped_but("clamp %gb {max=7}", "clamp %gb {min=-7, max=7}")),
            "unsupported_shape: gate_proj is clamped from below");
  EXPECT_EQ(refusal(kGateUpSwiglu, clamped_but("clamp %ub", "clamp %u")),
            "unsupported_shape: one of gate_proj and up_proj has biases");
  EXPECT_EQ(refusal(kGateUpSwiglu, clamped_but("@up_bias, %u, %ids", "@up_bias, %u, %ids2")
                                       .insert(0, "%ids2 = input [1, 4]")),
            "different_ids: %ub does not add the biases of %u's experts");
  EXPECT_EQ(
      refusal(kGateUpSwiglu, clamped_but("%out = mul %s, %ua",
                                         "%sa = add_scalar %s {value=1}\n%out = mul %sa, %ua")),
      "activation_not_silu: a constant is added behind the silu");
}

TEST(GateUpSwiglu, RefusesAClampedValueThatIsReadElsewhere) {
  EXPECT_EQ(refusal(kGateUpSwiglu, std::string(kClamped) + "\noutput %out, %uc"),
            "shared_intermediate: %uc is an output of the graph");
}

}  // namespace
}  // namespace fidelio
