// Family builders: what the keys of config.json change in a family's graph. The graphs themselves
// are families_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "tests/core/one_layer.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int count(const Graph& graph, Op op) {
  int n = 0;
  for (const Node& node : graph.nodes()) n += node.op == op;
  return n;
}

TEST(FamilyOptions, BiasesStandWhereConfigSaysSo) {
  ModelConfig config = one_layer("llama");
  EXPECT_EQ(count(build_graph(config), Op::add_bias), 0);

  config.attention_bias = true;
  EXPECT_EQ(count(build_graph(config), Op::add_bias), 4);
  config.mlp_bias = true;
  EXPECT_EQ(count(build_graph(config), Op::add_bias), 7);
  EXPECT_THAT(text_of(config), HasSubstr("@model.layers.0.mlp.down_proj.bias = vector [32]\n"));
}

TEST(FamilyOptions, AttentionHasTheWindowOfItsLayer) {
  ModelConfig config = one_layer("mistral");
  config.num_hidden_layers = 2;
  config.sliding_window = 24;
  config.layer_types = {LayerType::full_attention, LayerType::sliding_attention};

  const std::string ops = ops_text(build_graph(config));
  EXPECT_THAT(ops, HasSubstr("num_key_value_heads=2, scale=0.35355338}\n"));
  EXPECT_THAT(ops, HasSubstr("num_key_value_heads=2, scale=0.35355338, sliding_window=24}\n"));
}

TEST(FamilyOptions, RotationIsInterleavedWhereRopeTraditional) {
  ModelConfig config = one_layer("llama");
  EXPECT_THAT(text_of(config), Not(HasSubstr("interleaved")));

  config.rope_traditional = true;
  EXPECT_THAT(text_of(config), HasSubstr("%positions {heads=4, interleaved=1}\n"));
}

TEST(FamilyOptions, ExpertsAreSoughtOneByOneThenStacked) {
  const std::string text = text_of(one_layer("mixtral"));

  EXPECT_THAT(text, HasSubstr("experts.*.w2 = experts [4, 32, 48] or "
                              "@model.layers.0.block_sparse_moe.switch_mlp.down_proj\n"));
  EXPECT_THAT(text, HasSubstr("experts.*.w3 = experts [4, 48, 32] or "
                              "@model.layers.0.block_sparse_moe.switch_mlp.up_proj\n"));
}

TEST(FamilyOptions, TheHeadIsTheEmbeddingWhereTied) {
  ModelConfig config = one_layer("llama");
  EXPECT_THAT(text_of(config), HasSubstr("%logits = linear @lm_head, %final_norm"));

  config.tie_word_embeddings = true;
  EXPECT_THAT(text_of(config), HasSubstr("%logits = linear @model.embed_tokens, %final_norm"));
  EXPECT_THAT(text_of(config), Not(HasSubstr("lm_head")));
}

TEST(FamilyOptions, RoutingWeightsAreNormalisedOnlyWhereConfigSaysSo) {
  ModelConfig config = one_layer("qwen3_moe");
  EXPECT_EQ(count(build_graph(config), Op::normalize), 1);

  config.norm_topk_prob = false;
  EXPECT_EQ(count(build_graph(config), Op::normalize), 0);
  EXPECT_THAT(text_of(config), HasSubstr("%l0.moe = combine %l0.down, %l0.top\n"));
}

TEST(FamilyOptions, SomeLayersOfQwen3MoeAreDense) {
  ModelConfig config = one_layer("qwen3_moe");
  config.num_hidden_layers = 6;
  config.decoder_sparse_step = 2;  // layers 1, 3, 5 hold experts
  config.mlp_only_layers = {3};

  const Graph graph = build_graph(config);

  std::vector<int> with_experts;
  for (const Node& node : graph.nodes()) {
    if (node.op == Op::combine) with_experts.push_back(node.layer);
  }
  EXPECT_THAT(with_experts, ::testing::ElementsAre(1, 5));
  EXPECT_THAT(to_text(graph), HasSubstr("@model.layers.3.mlp.down_proj = matrix [32, 48]\n"));
}

TEST(FamilyOptions, ScalesAndEpsAreTheReferencesFloats) {
  // python: struct.pack(">f", 128 ** -0.5).hex() is 3db504f3
  ModelConfig config = one_layer("llama");
  config.head_dim = 128;
  const Graph graph = build_graph(config);

  for (const Node& node : graph.nodes()) {
    if (node.op != Op::attention) continue;
    EXPECT_EQ(std::bit_cast<std::uint32_t>(node.number("scale")), 0x3db504f3U);
  }
}

TEST(FamilyOptions, Lfm2MoeWithoutABiasWeighsWhatItChooses) {
  ModelConfig config = one_layer("lfm2_moe");
  config.norm_topk_prob = false;

  EXPECT_THAT(ops_text(build_graph(config)), HasSubstr(R"(
%l0.top, %l0.experts = top_k %l0.scores {k=2}
%l0.gate =)"));
}

}  // namespace
}  // namespace fidelio::testing
