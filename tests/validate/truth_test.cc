// Truth against transformers in float64 (tests/data/float64_reference.py): the two round nothing
// but the rotary tables, so they agree ten times closer than float32 evaluations do.
#include "core/truth/truth.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/thread_team.h"
#include "tests/patches/patch_testing.h"
#include "tests/support/altered_model.h"
#include "tests/support/decode.h"
#include "tests/support/npy.h"
#include "tests/support/oracles.h"
#include "validate/arm.h"

namespace fidelio::testing {
namespace {

/// The last n positions' logits of the oracles' prompt, in one step behind the others.
std::vector<double> truth_logits(const LoadedModel& model, const Graph& graph, std::size_t n) {
  const std::vector<std::int32_t> ids = oracle_prompt();
  const RopeTable rope = rope_table_for(model, ids.size());
  Truth truth(graph, model.weights, rope);
  const std::span<const std::int32_t> all(ids);
  truth.step(all.first(ids.size() - n), 1);
  return truth.step(all.last(n), n).x;
}

double relative_error(const std::vector<double>& actual, const std::vector<double>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double err = 0;
  double magnitude = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double difference = std::abs(actual[i] - expected[i]);
    if (!(difference <= err)) err = std::isfinite(difference) ? difference : INFINITY;
    magnitude = std::max(magnitude, std::abs(expected[i]));
  }
  return err / magnitude;
}

constexpr std::size_t kPositions = 24;
constexpr double kTolerance = 5e-7;  // cosines and sines may differ by an ulp of float32

class TruthOracle : public ::testing::TestWithParam<OracleCase> {};

TEST_P(TruthOracle, AgreesWithTransformersInFloat64) {
  const auto model = load_model(GetParam().dir().string());
  const std::vector<double> expected = read_npy<double>(GetParam().dir() / "logits64.npy");

  const double err = relative_error(truth_logits(*model, model->graph, kPositions), expected);

  EXPECT_LE(err, kTolerance);
  fmt::print("truth {}: max error {:.1e} of the largest logit\n", GetParam().folder, err);
}

TEST_P(TruthOracle, SaysTheSameOfAPatchedGraph) {
  const auto model = load_model(GetParam().dir().string());
  Graph patched = model->graph;
  apply_all(parse_patch_list("all"), patched, env_with(1));

  EXPECT_LE(relative_error(truth_logits(*model, patched, 3), truth_logits(*model, model->graph, 3)),
            1e-14);
}

INSTANTIATE_TEST_SUITE_P(Families, TruthOracle, ::testing::ValuesIn(kFamilyOracles), kOracleName);

TEST(Truth, SeesAnEpsilonThatFloat32Hides) {
  const OracleCase oracle{"qwen3_moe/float32"};
  ModelConfig config = read_config(oracle.dir() / "config.json");
  config.rms_norm_eps *= 1.01F;
  const auto model = load_with_graph(oracle.dir(), build_graph(config));
  const std::vector<double> expected = read_npy<double>(oracle.dir() / "logits64.npy");

  EXPECT_GT(relative_error(truth_logits(*model, model->graph, kPositions), expected), kTolerance);
}

TEST(Truth, ForcesWhatItIsGiven) {
  const auto model = load_model((kOracles / "mixtral/float32").string());
  const RopeTable rope = rope_table_for(*model, 4);
  Truth truth(model->graph, model->weights, rope);
  const std::vector<std::int32_t> ids = {5, 6, 7};
  const std::vector<double> free = truth.step(ids, 1).x;

  truth.reset();
  const auto exchange = [&](NodeId node, std::vector<TruthValue>& results) {
    if (model->graph.node(node).op != Op::top_k) return;
    for (std::int32_t& id : results[1].ids) id = 3 - id;
  };

  EXPECT_GT(relative_error(truth.step(ids, 1, exchange).x, free), 1e-3);
}

class EvaluatedBehindAnArm : public ::testing::TestWithParam<OracleCase> {
 protected:
  /// The error of rows evaluated apart, each behind the baseline's cache.
  template <class T>
  double error_of(const std::vector<std::size_t>& positions) {
    const auto model = load_model(GetParam().dir().string());
    const std::vector<std::int32_t> ids = oracle_prompt();
    const RopeTable rope = rope_table_for(*model, ids.size());
    ThreadTeam team(1);
    Arm arm("baseline", *model, {}, ref_, team, rope, {ids.size(), ids.size()});
    const std::span<const float> logits = arm.decoder().step(ids, ids.size());
    std::vector<std::int32_t> fed;
    for (const std::size_t p : positions) fed.push_back(ids[p]);

    Evaluator<T> evaluator(model->graph, model->weights, rope);
    const Rows<T> rows = evaluator.steps_behind(arm.decoder().cache(), fed, positions);

    std::vector<double> actual(rows.x.begin(), rows.x.end());
    std::vector<double> expected;
    for (const std::size_t p : positions) {
      const auto row = logits.subspan(p * rows.width, rows.width);
      expected.insert(expected.end(), row.begin(), row.end());
    }
    return relative_error(actual, expected);
  }

  const KernelTable ref_ = kernels_for();
};

TEST_P(EvaluatedBehindAnArm, TruthAndNaiveAreAsNearAsRoundingAllows) {
  const double truth = error_of<double>({0, 40, 7, 95});
  const double naive = error_of<float>({0, 40, 7, 95});

  EXPECT_LE(truth, 5e-6);
  EXPECT_LE(naive, 2e-5);
  EXPECT_GT(naive, 0);
}

INSTANTIATE_TEST_SUITE_P(Families, EvaluatedBehindAnArm, ::testing::ValuesIn(kFamilyOracles),
                         kOracleName);

}  // namespace
}  // namespace fidelio::testing
