// mixtral: llama's attention; every MLP a mixture of experts, top-k of the router logits, then
// softmax over those k. Source: Jiang et al. 2024, Mixtral of Experts; experts are named w1 (gate),
// w2 (down), w3 (up).
#include "core/families/decoder_builder.h"
#include "core/families/family.h"

namespace fidelio {

Graph build_mixtral(const ModelConfig& config) {
  DecoderBuilder builder(config);
  ExpertBlock block{"block_sparse_moe", "gate", "w1", "w3", "w2"};
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, attention_block(config));
    builder.experts(layer, block);
  }
  return builder.finish();
}

}  // namespace fidelio
