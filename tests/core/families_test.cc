// Family builders: the text of a one-layer model of each family. What config.json changes in it is
// family_options_test.cc; the numbers a whole model gives are compared with the reference
// implementations elsewhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/one_layer.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Families, Llama) {
  ModelConfig config = one_layer("llama");
  config.tie_word_embeddings = true;

  EXPECT_EQ(ops_text(build_graph(config)), R"(%ids = input [M] i32
%positions = input [M] i32
%x = embedding @model.embed_tokens, %ids
layer 0
%l0.attn_norm = rms_norm @model.layers.0.input_layernorm, %x {eps=1e-05}
%l0.q = linear @model.layers.0.self_attn.q_proj, %l0.attn_norm
%l0.k = linear @model.layers.0.self_attn.k_proj, %l0.attn_norm
%l0.v = linear @model.layers.0.self_attn.v_proj, %l0.attn_norm
%l0.q_rot = rope @rope.inv_freq, %l0.q, %positions {heads=4}
%l0.k_rot = rope @rope.inv_freq, %l0.k, %positions {heads=2}
%l0.kv = kv_append %l0.k_rot, %l0.v {layer=0}
%l0.attn = attention %l0.q_rot, %l0.kv {layer=0, num_attention_heads=4, num_key_value_heads=2, scale=0.35355338}
%l0.o = linear @model.layers.0.self_attn.o_proj, %l0.attn
%l0.x_attn = add %x, %l0.o
%l0.mlp_norm = rms_norm @model.layers.0.post_attention_layernorm, %l0.x_attn {eps=1e-05}
%l0.gate = linear @model.layers.0.mlp.gate_proj, %l0.mlp_norm
%l0.up = linear @model.layers.0.mlp.up_proj, %l0.mlp_norm
%l0.silu = silu %l0.gate
%l0.swiglu = mul %l0.silu, %l0.up
%l0.down = linear @model.layers.0.mlp.down_proj, %l0.swiglu
%l0.x_mlp = add %l0.x_attn, %l0.down
layer none
%last_x = wanted_rows %l0.x_mlp
%final_norm = rms_norm @model.norm, %last_x {eps=1e-05}
%logits = linear @model.embed_tokens, %final_norm
output %logits
)");
}

TEST(Families, Mixtral) {
  EXPECT_EQ(ops_text(build_graph(one_layer("mixtral"))), R"(%ids = input [M] i32
%positions = input [M] i32
%x = embedding @model.embed_tokens, %ids
layer 0
%l0.attn_norm = rms_norm @model.layers.0.input_layernorm, %x {eps=1e-05}
%l0.q = linear @model.layers.0.self_attn.q_proj, %l0.attn_norm
%l0.k = linear @model.layers.0.self_attn.k_proj, %l0.attn_norm
%l0.v = linear @model.layers.0.self_attn.v_proj, %l0.attn_norm
%l0.q_rot = rope @rope.inv_freq, %l0.q, %positions {heads=4}
%l0.k_rot = rope @rope.inv_freq, %l0.k, %positions {heads=2}
%l0.kv = kv_append %l0.k_rot, %l0.v {layer=0}
%l0.attn = attention %l0.q_rot, %l0.kv {layer=0, num_attention_heads=4, num_key_value_heads=2, scale=0.35355338}
%l0.o = linear @model.layers.0.self_attn.o_proj, %l0.attn
%l0.x_attn = add %x, %l0.o
%l0.mlp_norm = rms_norm @model.layers.0.post_attention_layernorm, %l0.x_attn {eps=1e-05}
%l0.router_logits = linear @model.layers.0.block_sparse_moe.gate, %l0.mlp_norm
%l0.top, %l0.experts = top_k %l0.router_logits {k=2}
%l0.weights = softmax %l0.top
%l0.gate = gather_matmul @model.layers.0.block_sparse_moe.experts.*.w1, %l0.mlp_norm, %l0.experts
%l0.up = gather_matmul @model.layers.0.block_sparse_moe.experts.*.w3, %l0.mlp_norm, %l0.experts
%l0.silu = silu %l0.gate
%l0.swiglu = mul %l0.silu, %l0.up
%l0.down = gather_matmul @model.layers.0.block_sparse_moe.experts.*.w2, %l0.swiglu, %l0.experts
%l0.moe = combine %l0.down, %l0.weights
%l0.x_mlp = add %l0.x_attn, %l0.moe
layer none
%last_x = wanted_rows %l0.x_mlp
%final_norm = rms_norm @model.norm, %last_x {eps=1e-05}
%logits = linear @lm_head, %final_norm
output %logits
)");
}

TEST(Families, Qwen3Moe) {
  EXPECT_EQ(
      text_of(one_layer("qwen3_moe")),
      R"(@rope.inv_freq = constant [8] {1, 0.31622776, 0.1, 0.03162278, 0.01, 0.0031622779, 0.001, 0.0003162278}
@model.embed_tokens = matrix [64, 32]
@model.layers.0.input_layernorm = vector [32]
@model.layers.0.self_attn.q_proj = matrix [64, 32]
@model.layers.0.self_attn.k_proj = matrix [32, 32]
@model.layers.0.self_attn.v_proj = matrix [32, 32]
@model.layers.0.self_attn.q_norm = vector [16]
@model.layers.0.self_attn.k_norm = vector [16]
@model.layers.0.self_attn.o_proj = matrix [32, 64]
@model.layers.0.post_attention_layernorm = vector [32]
@model.layers.0.mlp.gate = matrix [4, 32]
@model.layers.0.mlp.experts.*.gate_proj = experts [4, 16, 32] or @model.layers.0.mlp.switch_mlp.gate_proj
@model.layers.0.mlp.experts.*.up_proj = experts [4, 16, 32] or @model.layers.0.mlp.switch_mlp.up_proj
@model.layers.0.mlp.experts.*.down_proj = experts [4, 32, 16] or @model.layers.0.mlp.switch_mlp.down_proj
@model.norm = vector [32]
@lm_head = matrix [64, 32]
%ids = input [M] i32
%positions = input [M] i32
%x = embedding @model.embed_tokens, %ids
layer 0
%l0.attn_norm = rms_norm @model.layers.0.input_layernorm, %x {eps=1e-06}
%l0.q = linear @model.layers.0.self_attn.q_proj, %l0.attn_norm
%l0.k = linear @model.layers.0.self_attn.k_proj, %l0.attn_norm
%l0.v = linear @model.layers.0.self_attn.v_proj, %l0.attn_norm
%l0.q_norm = rms_norm @model.layers.0.self_attn.q_norm, %l0.q {eps=1e-06, groups=4}
%l0.k_norm = rms_norm @model.layers.0.self_attn.k_norm, %l0.k {eps=1e-06, groups=2}
%l0.q_rot = rope @rope.inv_freq, %l0.q_norm, %positions {heads=4}
%l0.k_rot = rope @rope.inv_freq, %l0.k_norm, %positions {heads=2}
%l0.kv = kv_append %l0.k_rot, %l0.v {layer=0}
%l0.attn = attention %l0.q_rot, %l0.kv {layer=0, num_attention_heads=4, num_key_value_heads=2, scale=0.25}
%l0.o = linear @model.layers.0.self_attn.o_proj, %l0.attn
%l0.x_attn = add %x, %l0.o
%l0.mlp_norm = rms_norm @model.layers.0.post_attention_layernorm, %l0.x_attn {eps=1e-06}
%l0.router_logits = linear @model.layers.0.mlp.gate, %l0.mlp_norm
%l0.probs = softmax %l0.router_logits
%l0.top, %l0.experts = top_k %l0.probs {k=2}
%l0.weights = normalize %l0.top
%l0.gate = gather_matmul @model.layers.0.mlp.experts.*.gate_proj, %l0.mlp_norm, %l0.experts
%l0.up = gather_matmul @model.layers.0.mlp.experts.*.up_proj, %l0.mlp_norm, %l0.experts
%l0.silu = silu %l0.gate
%l0.swiglu = mul %l0.silu, %l0.up
%l0.down = gather_matmul @model.layers.0.mlp.experts.*.down_proj, %l0.swiglu, %l0.experts
%l0.moe = combine %l0.down, %l0.weights
%l0.x_mlp = add %l0.x_attn, %l0.moe
layer none
%last_x = wanted_rows %l0.x_mlp
%final_norm = rms_norm @model.norm, %last_x {eps=1e-06}
%logits = linear @lm_head, %final_norm
output %logits
)");
}

TEST(Families, Lfm2MoeHasConvolutionsAndASelectionBias) {
  ModelConfig config = one_layer("lfm2_moe");
  config.layer_types = {LayerType::conv};
  config.use_expert_bias = true;
  config.routed_scaling_factor = 2.5F;

  EXPECT_EQ(layer_text(config, 0), R"(layer 0
%l0.conv_norm = rms_norm @model.layers.0.operator_norm, %x {eps=1e-06}
%l0.bcu = linear @model.layers.0.conv.in_proj, %l0.conv_norm
%l0.b = columns %l0.bcu {part=0, parts=3}
%l0.c = columns %l0.bcu {part=1, parts=3}
%l0.u = columns %l0.bcu {part=2, parts=3}
%l0.bu = mul %l0.b, %l0.u
%l0.conv = short_conv @model.layers.0.conv.conv, %l0.bu {layer=0}
%l0.cy = mul %l0.c, %l0.conv
%l0.conv_out = linear @model.layers.0.conv.out_proj, %l0.cy
%l0.x_conv = add %x, %l0.conv_out
%l0.mlp_norm = rms_norm @model.layers.0.ffn_norm, %l0.x_conv {eps=1e-06}
%l0.router_logits = linear @model.layers.0.feed_forward.gate, %l0.mlp_norm
%l0.scores = sigmoid %l0.router_logits
%l0.scores_biased = add_bias @model.layers.0.feed_forward.expert_bias, %l0.scores
%l0.top, %l0.experts = top_k %l0.scores_biased {k=2}
%l0.taken = take %l0.scores, %l0.experts
%l0.weights = normalize %l0.taken {eps=1e-06}
%l0.weights_scaled = mul_scalar %l0.weights {value=2.5}
%l0.gate = gather_matmul @model.layers.0.feed_forward.experts.*.w1, %l0.mlp_norm, %l0.experts
%l0.up = gather_matmul @model.layers.0.feed_forward.experts.*.w3, %l0.mlp_norm, %l0.experts
%l0.silu = silu %l0.gate
%l0.swiglu = mul %l0.silu, %l0.up
%l0.down = gather_matmul @model.layers.0.feed_forward.experts.*.w2, %l0.swiglu, %l0.experts
%l0.moe = combine %l0.down, %l0.weights_scaled
%l0.x_mlp = add %l0.x_conv, %l0.moe
)");
}

TEST(Families, GptOssHasSinksBiasesAndAClampedSwiglu) {
  ModelConfig config = one_layer("gpt_oss");
  config.attention_bias = true;
  config.swiglu_limit = 7;
  config.swiglu_alpha = 1.702F;
  config.sliding_window = 32;
  config.layer_types = {LayerType::sliding_attention};
  config.rope_scaling.attention_factor = 1.5F;
  const std::string text = layer_text(config, 0);

  EXPECT_THAT(text, HasSubstr("{heads=4, attention_factor=1.5}"));
  EXPECT_THAT(text, HasSubstr("%l0.attn = attention @model.layers.0.self_attn.sinks, %l0.q_rot, "));
  EXPECT_THAT(text, HasSubstr("sliding_window=32}"));
  EXPECT_EQ(text.substr(text.find("%l0.router_logits =")),
            R"(%l0.router_logits = linear @model.layers.0.mlp.router, %l0.mlp_norm
%l0.router_logits_biased = add_bias @model.layers.0.mlp.router.bias, %l0.router_logits
%l0.top, %l0.experts = top_k %l0.router_logits_biased {k=2}
%l0.weights = softmax %l0.top
%l0.gate = gather_matmul @model.layers.0.mlp.experts.gate_proj, %l0.mlp_norm, %l0.experts
%l0.gate_biased = add_expert_bias @model.layers.0.mlp.experts.gate_proj.bias, %l0.gate, %l0.experts
%l0.up = gather_matmul @model.layers.0.mlp.experts.up_proj, %l0.mlp_norm, %l0.experts
%l0.up_biased = add_expert_bias @model.layers.0.mlp.experts.up_proj.bias, %l0.up, %l0.experts
%l0.gate_clamped = clamp %l0.gate_biased {max=7}
%l0.up_clamped = clamp %l0.up_biased {min=-7, max=7}
%l0.silu = silu %l0.gate_clamped {alpha=1.702}
%l0.up_added = add_scalar %l0.up_clamped {value=1}
%l0.swiglu = mul %l0.silu, %l0.up_added
%l0.down = gather_matmul @model.layers.0.mlp.experts.down_proj, %l0.swiglu, %l0.experts
%l0.down_biased = add_expert_bias @model.layers.0.mlp.experts.down_proj.bias, %l0.down, %l0.experts
%l0.moe = combine %l0.down_biased, %l0.weights
%l0.x_mlp = add %l0.x_attn, %l0.moe
)");
}

TEST(Families, Qwen2HasBiasesThatNoKeyNames) {
  const std::string ops = ops_text(build_graph(one_layer("qwen2")));

  for (const std::string proj : {"q", "k", "v"}) {
    EXPECT_THAT(ops, HasSubstr("%l0." + proj + "_biased = add_bias @model.layers.0.self_attn." +
                               proj + "_proj.bias, %l0." + proj + "\n"));
  }
  EXPECT_THAT(ops, HasSubstr("%l0.q_rot = rope @rope.inv_freq, %l0.q_biased, "));
  EXPECT_THAT(ops, Not(HasSubstr("o_proj.bias")));
}

TEST(Families, Qwen3NormsEachHeadAndHasADenseMlp) {
  const std::string text = text_of(one_layer("qwen3"));

  EXPECT_THAT(text, HasSubstr("@model.layers.0.self_attn.k_norm = vector [16]\n"));
  EXPECT_THAT(text, HasSubstr("%l0.k_norm = rms_norm @model.layers.0.self_attn.k_norm, %l0.k "
                              "{eps=1e-06, groups=2}\n"));
  EXPECT_THAT(text, HasSubstr("%l0.down = linear @model.layers.0.mlp.down_proj, %l0.swiglu\n"));
}

TEST(Families, OlmoeNormsTheWholeOfQAndK) {
  ModelConfig config = one_layer("olmoe");
  config.norm_topk_prob = false;
  const std::string text = text_of(config);

  EXPECT_THAT(text, HasSubstr("@model.layers.0.self_attn.q_norm = vector [64]\n"));
  EXPECT_THAT(text, HasSubstr("@model.layers.0.self_attn.k_norm = vector [32]\n"));
  EXPECT_THAT(text, HasSubstr("%l0.q_norm = rms_norm @model.layers.0.self_attn.q_norm, %l0.q "
                              "{eps=1e-06}\n"));
  EXPECT_THAT(text, HasSubstr("%l0.top, %l0.experts = top_k %l0.probs {k=2}\n"));
  EXPECT_THAT(text, HasSubstr("%l0.moe = combine %l0.down, %l0.top\n"));
}

TEST(Families, Lfm2HasItsOwnNames) {
  ModelConfig config = one_layer("lfm2");
  config.num_experts = 0;
  const std::string text = ops_text(build_graph(config));

  for (const char* name :
       {"@model.layers.0.operator_norm", "@model.layers.0.self_attn.q_layernorm",
        "@model.layers.0.self_attn.k_layernorm", "@model.layers.0.self_attn.out_proj",
        "@model.layers.0.ffn_norm", "@model.layers.0.feed_forward.w1", "@model.embedding_norm"})
    EXPECT_THAT(text, HasSubstr(name));
}

TEST(Families, EveryGraphComesBackFromItsText) {
  for (const std::string& model_type : supported_model_types()) {
    ModelConfig config = one_layer(model_type);
    config.num_hidden_layers = 3;
    const Graph graph = build_graph(config);

    EXPECT_EQ(parse_graph(to_text(graph)), graph) << model_type;
  }
}

TEST(Families, GraphsWithSelectorsReadBackFromTheirText) {
  ModelConfig config = one_layer("gpt_oss");
  const Graph graph = build_graph(config);

  EXPECT_TRUE(parse_graph(to_text(graph)) == graph);
  EXPECT_THAT(
      to_text(graph),
      HasSubstr("down_proj = experts [4, 32, 16] from @model.layers.0.mlp.experts.down_proj.T "
                "or @model.layers.0.mlp.experts.down_proj"));
}

}  // namespace
}  // namespace fidelio::testing
