// mixtral: llama's attention; every MLP a mixture of experts, top-k of the router logits, then
// softmax over those k. Source: Jiang et al. 2024, Mixtral of Experts; experts are named w1 (gate),
// w2 (down), w3 (up).
#include "core/families/expert_block.h"
#include "core/families/family.h"

namespace fidelio {

Graph build_mixtral(const ModelConfig& config) {
  DecoderBuilder builder(config);
  const ExpertBlock block = expert_block("block_sparse_moe", "w1", "w3", "w2");
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, attention_block(config));
    append_experts(builder, layer, block);
  }
  return builder.finish();
}

}  // namespace fidelio
