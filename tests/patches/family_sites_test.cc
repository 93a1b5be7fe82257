// How many sites each patch has in the families: what a reader of a report may expect.
#include <gmock/gmock.h>

#include "core/families/family.h"
#include "tests/patches/patch_testing.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;
using ::testing::_;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pair;

ModelConfig small_config(const std::string& model_type) {
  ModelConfig config;
  config.model_type = model_type;
  config.hidden_size = 32;
  config.intermediate_size = 48;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 8;
  config.vocab_size = 64;
  config.rms_norm_eps = 1e-5F;
  config.num_experts = 4;
  config.num_experts_per_tok = 2;
  config.moe_intermediate_size = 16;
  config.norm_topk_prob = true;
  config.use_expert_bias = true;
  config.swiglu_limit = 7;
  config.swiglu_alpha = 1.702F;
  config.attention_bias = model_type == "gpt_oss";
  return config;
}

Graph two_layers(const std::string& model_type) { return build_graph(small_config(model_type)); }

/// Applied sites of the patches in the profile `all`, in the order of the catalogue.
std::vector<int> applied(Graph graph, std::int64_t n_tokens) {
  std::vector<int> counts;
  for (const PatchReport& report : apply_all(parse_patch_list("all"), graph, env_with(n_tokens))) {
    counts.push_back(report.applied);
  }
  return counts;
}

int fused_nodes(const Graph& graph) {
  int n = 0;
  for (const Node& node : graph.nodes()) n += info(node.op).fused;
  return n;
}

TEST(FamilySites, MixturesOfExpertsHaveOneSiteALayer) {
  // add_rms_norm: two post_attention_layernorm, and the input_layernorm of layer 1.
  EXPECT_THAT(applied(two_layers("qwen3_moe"), 1), ElementsAre(2, 2, 2, 3));
  EXPECT_THAT(applied(two_layers("mixtral"), 1), ElementsAre(2, 2, 2, 3));
  EXPECT_THAT(applied(two_layers("olmoe"), 1), ElementsAre(2, 2, 2, 3));
  EXPECT_THAT(applied(two_layers("lfm2_moe"), 1), ElementsAre(2, 2, 2, 3));
  EXPECT_THAT(applied(two_layers("gpt_oss"), 1), ElementsAre(2, 2, 2, 3));
}

TEST(FamilySites, DenseModelsHaveOnlyNorms) {
  for (const char* model_type : {"llama", "mistral", "qwen2", "qwen3"}) {
    EXPECT_THAT(applied(two_layers(model_type), 1), ElementsAre(0, 0, 0, 3)) << model_type;

    Graph graph = two_layers(model_type);
    const PatchReport report = apply(kGateUpSwiglu, graph, env_with(1));
    ASSERT_EQ(report.refused, 2);
    EXPECT_EQ(report.sites[0].refusal->reason, Reason::dense_projections);
  }
}

TEST(FamilySites, RoundingTakesEveryExpertProjectionAndTheFusedFormsSaySo) {
  for (const char* model_type : {"qwen3_moe", "mixtral", "olmoe"}) {
    Graph graph = two_layers(model_type);

    const std::vector<PatchReport> reports = apply_all(all_patches(), graph, env_with(1));

    std::vector<std::pair<int, int>> counts;
    for (const PatchReport& report : reports) counts.emplace_back(report.applied, report.refused);
    EXPECT_THAT(counts,
                ElementsAre(Pair(2, 0), Pair(6, 0), Pair(0, 6), Pair(0, 2), Pair(0, 2), Pair(3, _)))
        << model_type;
    for (const std::size_t loser : {2U, 3U, 4U}) {
      for (const SiteReport& site : reports[loser].sites)
        EXPECT_EQ(site.refusal->reason, Reason::already_rounded) << site.patch;
    }
    EXPECT_EQ(parse_graph(to_text(graph)), graph) << model_type;
  }
}

TEST(FamilySites, ADenseMlpWithBiasesIsRefusedLikeOneWithout) {
  ModelConfig config = small_config("llama");
  config.mlp_bias = true;
  Graph graph = build_graph(config);

  const PatchReport report = apply(kGateUpSwiglu, graph, env_with(1));

  ASSERT_EQ(report.refused, 2);
  EXPECT_EQ(report.sites[0].refusal->reason, Reason::dense_projections);
}

TEST(FamilySites, NothingIsAppliedAboveTheGuard) {
  for (const std::string& model_type : supported_model_types()) {
    Graph graph = two_layers(model_type);

    EXPECT_THAT(applied(graph, 33), Each(0)) << model_type;
    apply_all(all_patches(), graph, env_with(33));
    EXPECT_EQ(graph, two_layers(model_type));
  }
}

TEST(FamilySites, PatchesDoNotGetInEachOthersWay) {
  const std::vector<const Patch*> patches = parse_patch_list("all");
  for (const Patch* alone : patches) {
    Graph graph = two_layers("qwen3_moe");
    const int applied_alone = apply(*alone, graph, env_with(1)).applied;

    Graph all = two_layers("qwen3_moe");
    for (const PatchReport& report : apply_all(patches, all, env_with(1))) {
      if (report.patch != alone->name) continue;
      EXPECT_EQ(report.applied, applied_alone) << report.patch;
    }
  }
}

TEST(FamilySites, APatchedGraphComesBackFromItsText) {
  for (const std::string& model_type : supported_model_types()) {
    Graph graph = two_layers(model_type);
    apply_all(parse_patch_list("all"), graph, env_with(1));

    EXPECT_GT(fused_nodes(graph), 0);
    EXPECT_EQ(parse_graph(to_text(graph)), graph) << model_type;
  }
}

TEST(FamilySites, AllPatchesLeaveThisOfALayer) {
  Graph graph = two_layers("qwen3_moe");
  apply_all(parse_patch_list("all"), graph, env_with(1));

  const std::string ops = ops_text(graph);
  const std::size_t begin = ops.find("%l0.x_attn, ");
  EXPECT_EQ(
      ops.substr(begin, ops.find("%l1.q =") - begin),
      R"(%l0.x_attn, %l0.mlp_norm = add_rms_norm @model.layers.0.post_attention_layernorm, %x, %l0.o {eps=1e-05}
%l0.router_logits = linear @model.layers.0.mlp.gate, %l0.mlp_norm
%l0.weights, %l0.experts = router_topk %l0.router_logits {k=2, order=softmax_topk, normalize=1}
%l0.swiglu = gate_up_swiglu @model.layers.0.mlp.experts.*.gate_proj, @model.layers.0.mlp.experts.*.up_proj, %l0.mlp_norm, %l0.experts
%l0.moe = down_combine @model.layers.0.mlp.experts.*.down_proj, %l0.swiglu, %l0.experts, %l0.weights
layer 1
%l0.x_mlp, %l1.attn_norm = add_rms_norm @model.layers.1.input_layernorm, %l0.x_attn, %l0.moe {eps=1e-05}
)");
}

}  // namespace
}  // namespace fidelio
