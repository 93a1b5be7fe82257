// qwen3: RMSNorm over each head of q and k before RoPE, dense SwiGLU. Source: Qwen3 technical
// report (2025); names as in the Hugging Face checkpoints.
#include "core/families/decoder_builder.h"
#include "core/families/family.h"

namespace fidelio {

Graph build_qwen3(const ModelConfig& config) {
  DecoderBuilder builder(config);
  AttentionBlock block = attention_block(config);
  block.qk_norm = QkNorm::each_head;
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, block);
    builder.dense_mlp(layer);
  }
  return builder.finish();
}

}  // namespace fidelio
