// What the oracles can see. Every fact of a family (family_facts.h), altered alone in our config,
// graph or tensors, must move the logits of its checkpoint by at least ten times the tolerance that
// oracle_test.cc allows: a baseline that had the fact wrong would fail there.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "core/families/family.h"
#include "tests/support/altered_checkpoint.h"
#include "tests/support/altered_model.h"
#include "tests/support/decode.h"
#include "tests/support/npy.h"
#include "tests/support/oracles.h"
#include "tests/support/temp_dir.h"
#include "tests/validate/family_facts.h"

namespace fidelio::testing {
namespace {

/// The checkpoint in `dir` with the fact wrong, or null where it has no such fact.
std::unique_ptr<const LoadedModel> with_wrong(const Fact& fact, const std::filesystem::path& dir) {
  const ModelConfig config = read_config(dir / "config.json");
  Graph graph = fact.build(config);
  if (fact.edit) {
    const TempDir copy;
    if (copy_altered(dir, copy.path(), fact.edit) == 0) return nullptr;
    return load_with_graph(copy.path(), std::move(graph));
  }
  if (graph == build_graph(config)) return nullptr;
  return load_with_graph(dir, std::move(graph));
}

class Sensitivity : public ::testing::TestWithParam<OracleCase> {};

TEST_P(Sensitivity, EveryFactMovesTheLogitsTenTimesTheTolerance) {
  const std::filesystem::path dir = GetParam().dir();
  const std::vector<float> expected = read_npy(dir / "logits.npy");
  int facts = 0;
  for (const Fact& fact : all_facts()) {
    const auto model = with_wrong(fact, dir);
    if (model == nullptr) continue;
    ++facts;
    const double moved = relative_error(all_logits(*model, oracle_prompt(), 96, {}), expected);
    ASSERT_TRUE(std::isfinite(moved)) << fact.name;
    const double times = moved / GetParam().tolerance();
    EXPECT_GE(times, 10) << fact.name;
    fmt::print("sensitivity {}: {} moves the logits by {:.1e}, {:.0f} times the tolerance\n",
               GetParam().folder, fact.name, moved, times);
  }
  EXPECT_GE(facts, 10);
}

INSTANTIATE_TEST_SUITE_P(Families, Sensitivity, ::testing::ValuesIn(kFamilyOracles), kOracleName);
INSTANTIATE_TEST_SUITE_P(Bits, Sensitivity, ::testing::Values(OracleCase{"bits/mlx4g64"}),
                         kOracleName);

/// The facts that a model has.
std::vector<std::string> facts_of(const char* folder) {
  std::vector<std::string> facts;
  for (const Fact& fact : all_facts()) {
    if (with_wrong(fact, OracleCase{folder}.dir()) != nullptr) facts.push_back(fact.name);
  }
  return facts;
}

TEST(SensitivityTable, EveryFactIsSomeFamilys) {
  std::set<std::string> seen;
  for (const OracleCase& oracle : kFamilyOracles) {
    for (const std::string& fact : facts_of(oracle.folder)) seen.insert(fact);
  }
  for (const Fact& fact : all_facts()) {
    EXPECT_TRUE(seen.count(fact.name)) << fact.name;
  }
}

TEST(SensitivityTable, KnowsWhatSetsTheFamiliesApart) {
  using ::testing::Contains;
  using ::testing::IsSupersetOf;
  EXPECT_THAT(facts_of("qwen2/float32"),
              IsSupersetOf({"q_proj.bias dropped", "k_proj.bias dropped", "v_proj.bias dropped"}));
  EXPECT_THAT(facts_of("qwen2/float32"), ::testing::Not(Contains("o_proj.bias dropped")));
  EXPECT_THAT(facts_of("olmoe/float32"),
              IsSupersetOf({"norm_topk_prob inverted", "q_norm dropped", "top-k one less"}));
  EXPECT_THAT(facts_of("mixtral/float32"),
              IsSupersetOf({"w1 and w3 exchanged", "softmax of the router dropped"}));
  EXPECT_THAT(facts_of("qwen3_upper_window/float32"),
              IsSupersetOf({"sliding_window one less", "sliding_window in every layer"}));
  EXPECT_THAT(facts_of("llama_llama3/float32"),
              IsSupersetOf({"rope_scaling ignored", "rope_scaling.low_freq_factor 1.5x"}));
  EXPECT_THAT(facts_of("lfm2/float32"),
              IsSupersetOf({"taps of the convolution reversed", "q_layernorm dropped"}));
  EXPECT_THAT(facts_of("lfm2_moe/float32"),
              IsSupersetOf({"expert_bias in the weights", "softmax instead of sigmoid",
                            "1e-6 beside the sum of the weights dropped",
                            "routed_scaling_factor dropped", "norm_topk_prob inverted"}));
  EXPECT_THAT(facts_of("lfm2_moe_unbiased/mlx8g64"),
              ::testing::Not(Contains("expert_bias dropped")));
  EXPECT_THAT(facts_of("gpt_oss/float32"),
              IsSupersetOf({"sinks dropped", "rope_scaling.truncate true", "swiglu_alpha 1",
                            "limit of the gate ignored", "router.bias dropped",
                            "sliding_window one more", "o_proj.bias dropped"}));
}

}  // namespace
}  // namespace fidelio::testing
