// qwen3_moe: RMSNorm over each head of q and k before RoPE; softmax over all experts, then top-k,
// divided by their sum when norm_topk_prob. A layer is dense when mlp_only_layers lists it or
// decoder_sparse_step skips it. Source: Qwen3 technical report (2025); names as in the Hugging Face
// checkpoints.
#include <algorithm>

#include "core/families/expert_block.h"
#include "core/families/family.h"

namespace fidelio {
namespace {

bool is_sparse(const ModelConfig& config, int layer) {
  const auto& dense = config.mlp_only_layers;
  const bool listed = std::find(dense.begin(), dense.end(), layer) != dense.end();
  return !listed && (layer + 1) % config.decoder_sparse_step == 0;
}

}  // namespace

Graph build_qwen3_moe(const ModelConfig& config) {
  DecoderBuilder builder(config);
  AttentionBlock attention = attention_block(config);
  attention.qk_norm = QkNorm::each_head;
  ExpertBlock block = expert_block("mlp", "gate_proj", "up_proj", "down_proj");
  block.order = RouterOrder::softmax_topk;
  block.normalize = config.norm_topk_prob;
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, attention);
    if (is_sparse(config, layer)) {
      append_experts(builder, layer, block);
    } else {
      builder.dense_mlp(layer);
    }
  }
  return builder.finish();
}

}  // namespace fidelio
