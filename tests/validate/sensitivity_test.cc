// What the oracles can see. Every fact of a family, altered alone in our config or graph, must move
// the logits of its checkpoint by at least ten times the tolerance that oracle_test.cc allows: a
// baseline that had the fact wrong would fail there.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/support/altered_model.h"
#include "tests/support/decode.h"
#include "tests/support/npy.h"
#include "tests/support/oracles.h"

namespace fidelio::testing {
namespace {

/// A fact and how to get it wrong. An alteration that leaves the graph as it is concerns a fact
/// that the family does not have.
struct Alteration {
  std::string fact;
  std::function<Graph(ModelConfig)> build;
};

Alteration in_config(std::string fact, const std::function<void(ModelConfig&)>& change) {
  return {std::move(fact), [change](ModelConfig config) {
            change(config);
            return build_graph(config);
          }};
}

Alteration in_graph(std::string fact, const KeepNode& keep) {
  return {std::move(fact),
          [keep](const ModelConfig& config) { return rebuilt(build_graph(config), keep); }};
}

bool reads(const Graph& graph, const Node& node, const std::string& param) {
  return !node.params.empty() && graph.param(node.params[0]).name.find(param) != std::string::npos;
}

/// Drops the nodes of `op` that read a parameter whose name holds `param`.
Alteration without(std::string fact, Op op, const std::string& param = "") {
  return in_graph(std::move(fact), [op, param](const Graph& graph, Node& node) {
    return node.op != op || (!param.empty() && !reads(graph, node, param));
  });
}

/// Every parameter named with `a` read where `b` was and the other way round.
Alteration exchanged(std::string fact, const std::string& a, const std::string& b) {
  return in_graph(std::move(fact), [a, b](const Graph& graph, Node& node) {
    for (ParamId& id : node.params) {
      std::string name = graph.param(id).name;
      const bool is_a = name.find(a) != std::string::npos;
      const std::size_t at = name.find(is_a ? a : b);
      if (at == std::string::npos) continue;
      name.replace(at, (is_a ? a : b).size(), is_a ? b : a);
      if (const auto other = graph.find_param(name)) id = *other;
    }
    return true;
  });
}

template <class T>
Alteration attribute(std::string fact, Op op, const std::string& name, T factor) {
  return in_graph(std::move(fact), [op, name, factor](const Graph&, Node& node) {
    for (auto& [key, value] : node.attributes) {
      if (node.op == op && key == name) value = std::get<T>(value) * factor;
    }
    return true;
  });
}

std::vector<Alteration> config_alterations() {
  using C = ModelConfig;
  return {
      in_config("rope_theta halved", [](C& c) { c.rope_theta /= 2; }),
      in_config("rope_scaling ignored", [](C& c) { c.rope_scaling = {}; }),
      in_config("rope_scaling.factor doubled", [](C& c) { c.rope_scaling.factor *= 2; }),
      in_config("rope_scaling.low_freq_factor 1.5x",
                [](C& c) { c.rope_scaling.low_freq_factor *= 1.5F; }),
      in_config("rope_scaling.high_freq_factor 1.5x",
                [](C& c) { c.rope_scaling.high_freq_factor *= 1.5F; }),
      in_config("rope_scaling.original_max_position_embeddings doubled",
                [](C& c) { c.rope_scaling.original_max_position_embeddings *= 2; }),
      in_config("rotation order: halves and neighbours exchanged",
                [](C& c) { c.rope_traditional = !c.rope_traditional; }),
      in_config("rms_norm_eps 10x", [](C& c) { c.rms_norm_eps *= 10; }),
      in_config("rms_norm_eps / 10", [](C& c) { c.rms_norm_eps /= 10; }),
      in_config("sliding_window one less", [](C& c) { c.sliding_window -= c.sliding_window > 0; }),
      in_config("sliding_window ignored", [](C& c) { c.sliding_window = 0; }),
      in_config("sliding_window in every layer",
                [](C& c) {
                  if (c.sliding_window > 0)
                    c.layer_types.assign(c.layer_types.size(), LayerType::sliding_attention);
                }),
      in_config("head tied to the embedding", [](C& c) { c.tie_word_embeddings = true; }),
      in_config("norm_topk_prob inverted",
                [](C& c) {
                  if (c.num_experts > 0) c.norm_topk_prob = !c.norm_topk_prob;
                }),
      in_config("top-k one less", [](C& c) { c.num_experts_per_tok -= c.num_experts_per_tok > 1; }),
  };
}

std::vector<Alteration> graph_alterations() {
  return {
      attribute("attention scale of twice the head_dim", Op::attention, "scale", 0.70710678F),
      without("q_norm dropped", Op::rms_norm, "q_norm"),
      without("k_norm dropped", Op::rms_norm, "k_norm"),
      without("final norm dropped", Op::rms_norm, "model.norm"),
      without("silu dropped", Op::silu),
      without("no rotation", Op::rope),
      without("softmax of the router dropped", Op::softmax),
      without("q_proj.bias dropped", Op::add_bias, "q_proj"),
      without("k_proj.bias dropped", Op::add_bias, "k_proj"),
      without("v_proj.bias dropped", Op::add_bias, "v_proj"),
      without("o_proj.bias dropped", Op::add_bias, "o_proj"),
      without("gate_proj.bias dropped", Op::add_bias, "gate_proj"),
      without("up_proj.bias dropped", Op::add_bias, "up_proj"),
      without("down_proj.bias dropped", Op::add_bias, "down_proj"),
      exchanged("gate_proj and up_proj exchanged", "gate_proj", "up_proj"),
      exchanged("w1 and w3 exchanged", ".w1", ".w3"),
      exchanged("the two layer norms exchanged", "input_layernorm", "post_attention_layernorm"),
  };
}

std::vector<Alteration> all_alterations() {
  std::vector<Alteration> all = config_alterations();
  for (Alteration& alteration : graph_alterations()) all.push_back(std::move(alteration));
  return all;
}

class Sensitivity : public ::testing::TestWithParam<OracleCase> {};

TEST_P(Sensitivity, EveryFactMovesTheLogitsTenTimesTheTolerance) {
  const std::filesystem::path dir = GetParam().dir();
  const ModelConfig config = read_config(dir / "config.json");
  const Graph baseline = build_graph(config);
  const std::vector<float> expected = read_npy(dir / "logits.npy");
  int facts = 0;
  for (const Alteration& alteration : all_alterations()) {
    const Graph altered = alteration.build(config);
    if (altered == baseline) continue;
    ++facts;
    const auto model = load_with_graph(dir, altered);
    const double moved = relative_error(all_logits(*model, oracle_prompt(), 96, {}), expected);
    ASSERT_TRUE(std::isfinite(moved)) << alteration.fact;
    const double times = moved / GetParam().tolerance();
    EXPECT_GE(times, 10) << alteration.fact;
    fmt::print("sensitivity {}: {} moves the logits by {:.1e}, {:.0f} times the tolerance\n",
               GetParam().folder, alteration.fact, moved, times);
  }
  EXPECT_GE(facts, 10);
}

const auto kName = [](const auto& info) { return info.param.name(); };
INSTANTIATE_TEST_SUITE_P(Families, Sensitivity, ::testing::ValuesIn(kFamilyOracles), kName);
INSTANTIATE_TEST_SUITE_P(Bits, Sensitivity, ::testing::Values(OracleCase{"bits/mlx4g64"}), kName);

/// The facts of a model that its graph shows.
std::vector<std::string> facts_of(const char* folder) {
  const ModelConfig config = read_config(OracleCase{folder}.dir() / "config.json");
  std::vector<std::string> facts;
  for (const Alteration& alteration : all_alterations()) {
    if (alteration.build(config) != build_graph(config)) facts.push_back(alteration.fact);
  }
  return facts;
}

TEST(SensitivityTable, EveryAlterationConcernsSomeFamily) {
  std::set<std::string> seen;
  for (const OracleCase& oracle : kFamilyOracles) {
    for (const std::string& fact : facts_of(oracle.folder)) seen.insert(fact);
  }
  for (const Alteration& alteration : all_alterations()) {
    EXPECT_TRUE(seen.count(alteration.fact)) << alteration.fact;
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
}

}  // namespace
}  // namespace fidelio::testing
