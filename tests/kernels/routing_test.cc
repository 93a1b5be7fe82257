// Routing by itself: expert ids and weights of every order against transformers' routers
// (tests/data/make_routing_vectors.py), and what they leave open: ties, NaN. Each case runs the
// fused router and the unfused ops, on every target.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/kernels/on_every_target.h"

namespace fidelio::testing {
namespace {

using ::testing::ElementsAre;

struct Routing {
  RouterOrder order = RouterOrder::softmax_topk;
  bool normalize = false;
  std::size_t top_k = 0;
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
                            r.top_k, r.order, r.normalize},
             2, router_topk_workspace_bytes(n_experts));
  return out;
}

Chosen unfused(const KernelTable& table, const Routing& r, const std::vector<float>& logits,
               std::size_t n_experts) {
  const std::size_t n_tokens = logits.size() / n_experts;
  Chosen out{std::vector<std::int32_t>(n_tokens * r.top_k), std::vector<float>(n_tokens * r.top_k)};
  std::vector<float> scores = logits;
  const bool first = r.order == RouterOrder::softmax_topk;
  if (first) table.softmax({scores.data(), scores.data(), n_tokens, n_experts}, Share{});
  table.top_k({scores.data(), out.weights.data(), out.ids.data(), n_tokens, n_experts, r.top_k},
              Share{});
  const RowsArgs chosen{out.weights.data(), out.weights.data(), n_tokens, r.top_k};
  if (!first) table.softmax(chosen, Share{});
  if (r.normalize) table.normalize({chosen.x, chosen.y, n_tokens, r.top_k}, Share{});
  return out;
}

/// The same choice from the fused and the unfused router on every target.
Chosen route(const Routing& r, const std::vector<float>& logits, std::size_t n_experts) {
  const Chosen chosen = unfused(ref_kernels(), r, logits, n_experts);
  for (const std::string& target : kernel_targets()) {
    for (const auto& router : {fused, unfused}) {
      const Chosen other = router(kernels_for(target), r, logits, n_experts);
      EXPECT_EQ(other.ids, chosen.ids) << target;
      EXPECT_THAT(other.weights, SameBitsAs(chosen.weights)) << target;
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

TEST(Routing, IsTransformersRouting) {
  const auto cases = nlohmann::json::parse(
      std::ifstream(std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/data/routing.json"));
  for (const auto& c : cases) {
    const Routing routing{
        c["order"] == "softmax_topk" ? RouterOrder::softmax_topk : RouterOrder::topk_softmax,
        c["normalize"], c["top_k"]};

    const Chosen chosen = route(routing, flat<float>(c["logits"]), c["n_experts"]);

    EXPECT_EQ(chosen.ids, flat<std::int32_t>(c["ids"])) << c["order"] << c["top_k"];
    const std::vector<float> expected = flat<float>(c["weights"]);
    ASSERT_EQ(chosen.weights.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(chosen.weights[i], expected[i], 1e-6F * std::max(1e-3F, expected[i]));
    }
  }
  EXPECT_EQ(cases.size(), 36U);
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

TEST(Routing, TheCheckSeesExchangedExperts) {
  const std::vector<float> logits = {0, 3, 2, 1};
  std::vector<float> other = logits;
  std::swap(other[1], other[2]);
  EXPECT_NE(route({RouterOrder::softmax_topk, true, 2}, logits, 4).ids,
            route({RouterOrder::softmax_topk, true, 2}, other, 4).ids);
}

}  // namespace
}  // namespace fidelio::testing
