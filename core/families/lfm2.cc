// lfm2 and lfm2_moe: layers of short convolutions, some of grouped-query attention with RMSNorm
// over each head of q and k; lfm2_moe has a mixture of experts behind num_dense_layers dense ones:
// sigmoid scores, an expert bias for the selection alone. Source: Liquid AI, LFM2 (2025); names as
// in the Hugging Face checkpoints, and those of mlx-lm where they differ.
#include "core/families/expert_block.h"
#include "core/families/family.h"

namespace fidelio {
namespace {

constexpr float kNormalizeEps = 1e-6F;  // of transformers' router

const NormNames kNorms = {"operator_norm", "ffn_norm", "model.embedding_norm"};

AttentionBlock lfm2_attention() {
  AttentionBlock block;
  block.qk_norm = QkNorm::each_head;
  block.o_proj = "out_proj";
  block.q_norm = "q_layernorm";
  block.k_norm = "k_layernorm";
  return block;
}

DenseBlock lfm2_dense() {
  return {{"feed_forward.w1", "feed_forward.gate_proj"},
          {"feed_forward.w3", "feed_forward.up_proj"},
          {"feed_forward.w2", "feed_forward.down_proj"}};
}

void append_operator(DecoderBuilder& builder, const ModelConfig& config, int layer) {
  if (config.type_of(layer) == LayerType::conv) {
    builder.short_conv(layer);
  } else {
    builder.attention(layer, lfm2_attention());
  }
}

}  // namespace

Graph build_lfm2(const ModelConfig& config) {
  DecoderBuilder builder(config, kNorms);
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    append_operator(builder, config, layer);
    builder.dense_mlp(layer, lfm2_dense());
  }
  return builder.finish();
}

Graph build_lfm2_moe(const ModelConfig& config) {
  DecoderBuilder builder(config, kNorms);
  ExpertBlock block = expert_block("feed_forward", "w1", "w3", "w2");
  block.order = RouterOrder::sigmoid_topk;
  block.normalize = config.norm_topk_prob;
  block.eps = kNormalizeEps;
  block.factor = config.routed_scaling_factor;
  if (config.use_expert_bias) block.selection_bias = "feed_forward.expert_bias";
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    append_operator(builder, config, layer);
    if (layer < config.num_dense_layers) {
      builder.dense_mlp(layer, lfm2_dense());
    } else {
      append_experts(builder, layer, block);
    }
  }
  return builder.finish();
}

}  // namespace fidelio
