// qwen2: llama with biases on q_proj, k_proj and v_proj; no key of config.json says so. Source:
// Qwen2 technical report (2024); names as in the Hugging Face checkpoints.
#include "core/families/decoder_builder.h"
#include "core/families/family.h"

namespace fidelio {

Graph build_qwen2(const ModelConfig& config) {
  DecoderBuilder builder(config);
  AttentionBlock block;
  block.qkv_bias = true;
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, block);
    builder.dense_mlp(layer);
  }
  return builder.finish();
}

}  // namespace fidelio
