// llama: pre-norm decoder, grouped-query attention, half-split RoPE, dense SwiGLU.
// Source: Touvron et al. 2023; names as in the Hugging Face checkpoints.
#include "core/families/decoder_builder.h"
#include "core/families/family.h"

namespace fidelio {

Graph build_llama(const ModelConfig& config) {
  DecoderBuilder builder(config);
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, /*head_norms=*/false);
    builder.dense_mlp(layer);
  }
  return builder.finish();
}

}  // namespace fidelio
