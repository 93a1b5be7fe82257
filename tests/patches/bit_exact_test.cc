// What `bit_exact` promises: a model's logits have the same bits with and without each patch. The
// twin breaks a patched graph on purpose and must see other bits.
#include <bit>
#include <cmath>

#include "core/executor.h"
#include "core/families/family.h"
#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;

using Bits = std::vector<std::uint32_t>;

class BitExact : public ::testing::TestWithParam<const char*> {
 protected:
  /// The logits of every token of one step.
  Bits logits_of(const Graph& graph, std::size_t n_tokens) {
    const Plan plan(graph, weights_, rope_);
    Cache cache(graph, 64, 64);
    Executor executor(kernels_, team_, 64, 64);
    std::vector<std::int32_t> ids;
    const auto vocab_size = static_cast<std::size_t>(config().vocab_size);
    for (std::size_t i = 0; i < n_tokens; ++i) {
      ids.push_back(static_cast<std::int32_t>((7 * i + 3) % vocab_size));
    }
    Bits bits;
    for (const float logit : executor.run(plan, {ids, 0, n_tokens}, cache)) {
      EXPECT_TRUE(std::isfinite(logit));
      bits.push_back(std::bit_cast<std::uint32_t>(logit));
    }
    return bits;
  }

  const ModelConfig& config() const { return checkpoint_.config(); }

  const Checkpoint checkpoint_ =
      Checkpoint::open(std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/" + GetParam());
  const Graph baseline_ = build_graph(config());
  const ModelWeights weights_{checkpoint_, baseline_};
  const RopeTable rope_ =
      make_rope_table(baseline_.param(*baseline_.find_param("rope.inv_freq")).data.data(),
                      static_cast<std::size_t>(config().head_dim / 2), 64);
  const KernelTable kernels_ = kernels_for();
  ThreadTeam team_{2, /*pin=*/false};
};

TEST_P(BitExact, EveryPatchAloneKeepsTheBits) {
  for (const std::size_t n_tokens : {std::size_t{1}, std::size_t{5}, std::size_t{32}}) {
    const Bits expected = logits_of(baseline_, n_tokens);
    ASSERT_EQ(expected.size(), n_tokens * static_cast<std::size_t>(config().vocab_size));
    for (const Patch* patch : parse_patch_list("all")) {
      ASSERT_EQ(patch->numerics, Numerics::bit_exact);
      Graph graph = baseline_;
      ASSERT_GT(apply(*patch, graph, env_with(static_cast<std::int64_t>(n_tokens))).applied, 0);

      EXPECT_EQ(logits_of(graph, n_tokens), expected) << patch->name << ", " << n_tokens;
    }
  }
}

TEST_P(BitExact, AllPatchesTogetherKeepTheBits) {
  Graph graph = baseline_;
  apply_all(parse_patch_list("all"), graph, env_with(5));

  EXPECT_EQ(logits_of(graph, 5), logits_of(baseline_, 5));
}

TEST_P(BitExact, ExchangedProjectionsChangeTheBits) {
  Graph graph = baseline_;
  apply(kGateUpSwiglu, graph, env_with(5));
  GraphEditor editor(graph);
  for (NodeId id = 0; static_cast<std::size_t>(id) < graph.nodes().size(); ++id) {
    Node node = graph.node(id);
    if (node.op != Op::gate_up_swiglu) continue;
    std::swap(node.params[0], node.params[1]);
    editor.replace(id, node);
  }

  EXPECT_NE(logits_of(graph, 5), logits_of(baseline_, 5));
}

INSTANTIATE_TEST_SUITE_P(MixturesOfExperts, BitExact,
                         ::testing::Values("qwen3_moe/float32", "qwen3_moe/mlx4g64",
                                           "qwen3_moe_tied/mlx8g32", "mixtral/float32",
                                           "mixtral/mlx4g32", "olmoe/float32", "olmoe/mlx5g64",
                                           "bits/mlx2g128", "bits/mlx3g32", "bits/mlx6g64"));

}  // namespace
}  // namespace fidelio
