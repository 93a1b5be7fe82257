// Routing by itself: expert ids and weights of every order against transformers' routers
// (tests/data/make_routing_vectors.py), and what they leave open: ties, NaN. Each case runs the
// fused router and the unfused ops, on every target.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/kernels/on_every_target.h"

namespace fidelio::testing {
namespace {

using ::testing::ElementsAre;

struct Routing {
  RouterOrder order = RouterOrder::softmax_topk;
  bool normalize = false;
  std::size_t top_k = 0;
  float eps = 0;
  float factor = 1;
  std::vector<float> expert_bias = {};  ///< none when empty

  const float* selection_bias() const { return expert_bias.empty() ? nullptr : expert_bias.data(); }
};

struct Chosen {
  std::vector<std::int32_t> ids;
  std::vector<float> weights;
};

Chosen fused(const KernelTable& table, const Routing& r, const std::vector<float>& logits,
             std::size_t n_experts) {
  const std::size_t n_tokens = logits.size() / n_experts;
  Chosen out{std::vector<std::int32_t>(n_tokens * r.top_k), std::vector<float>(n_tokens * r.top_k)};
  run_shares(table.router_topk,
             RouterTopkArgs{logits.data(), out.weights.data(), out.ids.data(), n_tokens, n_experts,
                            r.top_k, r.order, r.normalize, r.eps, r.factor, r.selection_bias()},
             2, router_topk_workspace_bytes(n_experts));
  return out;
}

/// Ids of the strongest by sigmoid and bias, weights by sigmoid alone.
void choose_by_sigmoid(const KernelTable& table, const Routing& r, std::vector<float> scores,
                       std::size_t n_experts, Chosen& out) {
  const std::size_t n_tokens = scores.size() / n_experts;
  table.sigmoid({scores.data(), scores.data(), scores.size()}, Share{});
  std::vector<float> biased = scores;
  if (!r.expert_bias.empty()) {
    table.add_bias({scores.data(), r.selection_bias(), biased.data(), n_tokens, n_experts},
                   Share{});
  }
  table.top_k({biased.data(), out.weights.data(), out.ids.data(), n_tokens, n_experts, r.top_k},
              Share{});
  table.take({scores.data(), out.ids.data(), out.weights.data(), n_tokens, n_experts, r.top_k},
             Share{});
}

Chosen unfused(const KernelTable& table, const Routing& r, const std::vector<float>& logits,
               std::size_t n_experts) {
  const std::size_t n_tokens = logits.size() / n_experts;
  Chosen out{std::vector<std::int32_t>(n_tokens * r.top_k), std::vector<float>(n_tokens * r.top_k)};
  float* weights = out.weights.data();
  const RowsArgs chosen{weights, weights, n_tokens, r.top_k};
  if (r.order == RouterOrder::sigmoid_topk) {
    choose_by_sigmoid(table, r, logits, n_experts, out);
  } else {
    std::vector<float> scores = logits;
    const bool first = r.order == RouterOrder::softmax_topk;
    if (first) table.softmax({scores.data(), scores.data(), n_tokens, n_experts}, Share{});
    table.top_k({scores.data(), weights, out.ids.data(), n_tokens, n_experts, r.top_k}, Share{});
    if (!first) table.softmax(chosen, Share{});
  }
  if (r.normalize) table.normalize({weights, weights, n_tokens, r.top_k, r.eps}, Share{});
  if (r.factor != 1) table.mul_scalar({weights, weights, out.weights.size(), r.factor}, Share{});
  return out;
}

/// NaN payloads, the sign among them, are outside the contract.
std::vector<float> without_payloads(std::vector<float> values) {
  for (float& value : values) {
    if (std::isnan(value)) value = std::numeric_limits<float>::quiet_NaN();
  }
  return values;
}

/// The same choice from the fused and the unfused router on every target.
Chosen route(const Routing& r, const std::vector<float>& logits, std::size_t n_experts) {
  const Chosen chosen = unfused(ref_kernels(), r, logits, n_experts);
  for (const std::string& target : kernel_targets()) {
    for (const auto& router : {fused, unfused}) {
      const Chosen other = router(kernels_for(target), r, logits, n_experts);
      EXPECT_EQ(other.ids, chosen.ids) << target;
      EXPECT_THAT(without_payloads(other.weights), SameBitsAs(without_payloads(chosen.weights)))
          << target;
    }
  }
  return chosen;
}

template <class T>
std::vector<T> flat(const nlohmann::json& rows) {
  std::vector<T> all;
  for (const auto& row : rows) {
    for (const auto& number : row) all.push_back(number.get<T>());
  }
  return all;
}

RouterOrder order_of(const std::string& name) {
  if (name == "softmax_topk") return RouterOrder::softmax_topk;
  return name == "topk_softmax" ? RouterOrder::topk_softmax : RouterOrder::sigmoid_topk;
}

TEST(Routing, IsTransformersRouting) {
  const auto cases = nlohmann::json::parse(
      std::ifstream(std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/data/routing.json"));
  for (const auto& c : cases) {
    const Routing routing{order_of(c["order"]),
                          c["normalize"],
                          c["top_k"],
                          c.value("eps", 0.0F),
                          c.value("factor", 1.0F),
                          c.value("expert_bias", std::vector<float>{})};

    const Chosen chosen = route(routing, flat<float>(c["logits"]), c["n_experts"]);

    EXPECT_EQ(chosen.ids, flat<std::int32_t>(c["ids"])) << c["order"] << c["top_k"];
    const std::vector<float> expected = flat<float>(c["weights"]);
    ASSERT_EQ(chosen.weights.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(chosen.weights[i], expected[i], 1e-6F * std::max(1e-3F, expected[i]));
    }
  }
  EXPECT_EQ(cases.size(), 68U);
}

TEST(Routing, TiesGoToTheLowerIdAndShareAlike) {
  const std::vector<float> logits = {1, 2, 2, 0, 2, 1};

  const Chosen two = route({RouterOrder::softmax_topk, true, 2}, logits, 6);
  EXPECT_THAT(two.ids, ElementsAre(1, 2));
  EXPECT_THAT(two.weights, ElementsAre(0.5F, 0.5F));

  const Chosen five = route({RouterOrder::topk_softmax, false, 5}, logits, 6);
  EXPECT_THAT(five.ids, ElementsAre(1, 2, 4, 0, 5));
  EXPECT_EQ(five.weights[0], five.weights[2]);
  EXPECT_EQ(five.weights[3], five.weights[4]);
}

TEST(Routing, AllEqualLogitsChooseTheFirstExperts) {
  const std::vector<float> logits(128, 0.25F);
  const Chosen chosen = route({RouterOrder::softmax_topk, true, 4}, logits, 128);
  EXPECT_THAT(chosen.ids, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(chosen.weights, ElementsAre(0.25F, 0.25F, 0.25F, 0.25F));
}

TEST(Routing, OfOneExpertWeighsItByItsProbabilityUnlessNormalised) {
  const std::vector<float> logits = {0, 1, -1};
  EXPECT_NEAR(route({RouterOrder::softmax_topk, false, 1}, logits, 3).weights[0], 0.66524096, 1e-6);
  EXPECT_THAT(route({RouterOrder::softmax_topk, true, 1}, logits, 3).weights, ElementsAre(1.0F));
  EXPECT_THAT(route({RouterOrder::topk_softmax, false, 1}, logits, 3).weights, ElementsAre(1.0F));
}

TEST(Routing, ShowsANaNInTheWeights) {
  const std::vector<float> logits = {0, std::numeric_limits<float>::quiet_NaN(), 5, 1};

  const Chosen late = route({RouterOrder::topk_softmax, false, 2}, logits, 4);
  EXPECT_THAT(late.ids, ElementsAre(1, 2));
  EXPECT_TRUE(std::isnan(late.weights[0]) && std::isnan(late.weights[1]));

  const Chosen early = route({RouterOrder::softmax_topk, true, 2}, logits, 4);
  EXPECT_TRUE(std::isnan(early.weights[0]) && std::isnan(early.weights[1]));
}

TEST(Routing, BySigmoidUsesTheBiasForTheChoiceAlone) {
  const std::vector<float> logits = {2, 0, 1, -1};
  const std::vector<float> bias = {-1, 0.5F, 0, 0.5F};

  const Chosen chosen = route({RouterOrder::sigmoid_topk, false, 2, 0, 1, bias}, logits, 4);

  EXPECT_THAT(chosen.ids, ElementsAre(1, 3));  // 1 and 0.769 before 0.731 and -0.119
  EXPECT_THAT(chosen.weights, ElementsAre(0.5F, ::testing::FloatNear(0.26894142F, 1e-7F)));
}

TEST(Routing, BySigmoidTiesInTheBiasedScores) {
  const std::vector<float> logits = {0, 50, 60, 0, -200};  // 50 and 60: both 1
  const Routing unbiased{RouterOrder::sigmoid_topk, true, 3};
  EXPECT_THAT(route(unbiased, logits, 5).ids, ElementsAre(1, 2, 0));

  const std::vector<float> bias = {0.5F, 0, 0, 0.5F, 1};  // every one of them at 1
  const Chosen all = route({RouterOrder::sigmoid_topk, false, 5, 0, 2, bias}, logits, 5);
  EXPECT_THAT(all.ids, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(all.weights, ElementsAre(1, 2, 2, 1, 0));
}

TEST(Routing, BySigmoidShowsANaNOfALogitAndOfTheBias) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> none(4, 0.0F);

  const Chosen logit = route({RouterOrder::sigmoid_topk, true, 2, 0, 1, none}, {0, nan, 5, 1}, 4);
  EXPECT_THAT(logit.ids, ElementsAre(1, 2));
  EXPECT_TRUE(std::isnan(logit.weights[0]) && std::isnan(logit.weights[1]));

  // A bias that is NaN is chosen first; its weight, the unbiased sigmoid, is a number.
  const Chosen biased =
      route({RouterOrder::sigmoid_topk, false, 2, 0, 1, {0, nan, 0, 0}}, {0, 0, 5, 1}, 4);
  EXPECT_THAT(biased.ids, ElementsAre(1, 2));
  EXPECT_EQ(biased.weights[0], 0.5F);
}

TEST(Routing, TheEpsilonOfTheSumBoundsWeightsThatAreAllTiny) {
  const std::vector<float> logits = {-30, -31, -32};
  const Chosen with = route({RouterOrder::sigmoid_topk, true, 2, 1e-6F}, logits, 3);
  const Chosen without = route({RouterOrder::sigmoid_topk, true, 2}, logits, 3);
  EXPECT_LT(with.weights[0], 1e-6F);
  EXPECT_NEAR(without.weights[0], 0.7310586F, 1e-6F);
}

TEST(Routing, TheCheckSeesTheBiasInTheWeights) {
  const std::vector<float> logits = {0, 3, 2, 1};
  const std::vector<float> bias = {0, 0.25F, 0.125F, 0};
  const Chosen right = route({RouterOrder::sigmoid_topk, true, 2, 0, 1, bias}, logits, 4);
  const Chosen plain = route({RouterOrder::sigmoid_topk, true, 2}, logits, 4);
  EXPECT_EQ(right.ids, plain.ids);
  EXPECT_EQ(right.weights, plain.weights);

  std::vector<float> biased = {0.95257413F + 0.25F, 0.88079708F + 0.125F};
  const float sum = biased[0] + biased[1];
  EXPECT_GT(std::abs(biased[0] / sum - right.weights[0]), 1e-3F);
}

TEST(Routing, TheCheckSeesExchangedExperts) {
  const std::vector<float> logits = {0, 3, 2, 1};
  std::vector<float> other = logits;
  std::swap(other[1], other[2]);
  EXPECT_NE(route({RouterOrder::softmax_topk, true, 2}, logits, 4).ids,
            route({RouterOrder::softmax_topk, true, 2}, other, 4).ids);
}

}  // namespace
}  // namespace fidelio::testing
