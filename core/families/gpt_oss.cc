// gpt_oss: grouped-query attention with biases and sinks, a sliding window in every other layer;
// every MLP a mixture of experts with biases, top-k of the router logits, then softmax over those
// k, and a clamped SwiGLU. Source: OpenAI, gpt-oss model card (2025); names as in the Hugging Face
// checkpoints, whose gate_up_proj alternates the rows of gate_proj and up_proj, and those of
// mlx-lm.
#include "core/families/expert_block.h"
#include "core/families/family.h"

namespace fidelio {
namespace {

/// A projection of its own (mlx-lm), or every other row of gate_up_proj (transformers), which keeps
/// floats transposed.
std::vector<std::string> gate_up_rows(const std::string& own, const std::string& rows) {
  const std::string experts = "mlp.experts.";
  return {experts + own, experts + "gate_up_proj.T" + rows, experts + "gate_up_proj" + rows};
}

std::vector<std::string> gate_up_biases(const std::string& own, const std::string& rows) {
  return {"mlp.experts." + own + ".bias", "mlp.experts.gate_up_proj_bias" + rows};
}

ExpertBlock gpt_oss_experts(const ModelConfig& config) {
  ExpertBlock block;
  block.router = "mlp.router";
  block.router_bias = true;
  block.gate_proj = gate_up_rows("gate_proj", "[0::2]");
  block.up_proj = gate_up_rows("up_proj", "[1::2]");
  // A square tensor does not show that it lies transposed, so that form is looked for first.
  block.down_proj = {"mlp.experts.down_proj.T", "mlp.experts.down_proj"};
  block.gate_bias = gate_up_biases("gate_proj", "[0::2]");
  block.up_bias = gate_up_biases("up_proj", "[1::2]");
  block.down_bias = {"mlp.experts.down_proj.bias", "mlp.experts.down_proj_bias"};
  block.limit = config.swiglu_limit;
  block.alpha = config.swiglu_alpha;
  block.up_add = 1;
  return block;
}

}  // namespace

Graph build_gpt_oss(const ModelConfig& config) {
  DecoderBuilder builder(config);
  AttentionBlock attention = attention_block(config);
  attention.sinks = true;
  const ExpertBlock block = gpt_oss_experts(config);
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.attention(layer, attention);
    append_experts(builder, layer, block);
  }
  return builder.finish();
}

}  // namespace fidelio
