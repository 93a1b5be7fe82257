// llama: pre-norm decoder, grouped-query attention, RoPE, dense SwiGLU, biases where config.json
// says so. mistral is the same with a sliding window. Source: Touvron et al. 2023, Jiang et al.
// 2023; names as in the Hugging Face checkpoints.
#include "core/families/decoder_builder.h"
#include "core/families/family.h"

namespace fidelio {

Graph build_llama(const ModelConfig& config) {
  DecoderBuilder builder(config);
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, attention_block(config));
    builder.dense_mlp(layer);
  }
  return builder.finish();
}

}  // namespace fidelio
