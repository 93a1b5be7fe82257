// olmoe: RMSNorm over the whole of q and of k before RoPE; every MLP a mixture of experts, softmax
// over all experts, then top-k, divided by their sum only when norm_topk_prob. Source: Muennighoff
// et al. 2024, OLMoE; names as in the Hugging Face checkpoints.
#include "core/families/expert_block.h"
#include "core/families/family.h"

namespace fidelio {

Graph build_olmoe(const ModelConfig& config) {
  DecoderBuilder builder(config);
  AttentionBlock attention = attention_block(config);
  attention.qk_norm = QkNorm::whole;
  ExpertBlock experts = expert_block("mlp", "gate_proj", "up_proj", "down_proj");
  experts.order = RouterOrder::softmax_topk;
  experts.normalize = config.norm_topk_prob;
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, attention);
    append_experts(builder, layer, experts);
  }
  return builder.finish();
}

}  // namespace fidelio
