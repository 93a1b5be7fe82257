// Sources: transformers (modeling_*.py, conversion_mapping.py), mlx-lm (models/*.py), llama.cpp's
// gguf package (constants.py, tensor_mapping.py).
#include "validate/synth/tensor_names.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "core/check.h"

namespace fidelio::synth {
namespace {

/// Behind "model.layers.N." or "blk.N." where the tensor is of a layer. `mlx` nullptr: as in
/// Hugging Face's files.
struct Names {
  Part part;
  const char* hf;
  const char* mlx;
  const char* gguf;
};

constexpr Names kMost[] = {
    {Part::embedding, "model.embed_tokens.weight", nullptr, "token_embd.weight"},
    {Part::final_norm, "model.norm.weight", nullptr, "output_norm.weight"},
    {Part::head, "lm_head.weight", nullptr, "output.weight"},
    {Part::attn_norm, "input_layernorm.weight", nullptr, "attn_norm.weight"},
    {Part::mlp_norm, "post_attention_layernorm.weight", nullptr, "ffn_norm.weight"},
    {Part::q_proj, "self_attn.q_proj.weight", nullptr, "attn_q.weight"},
    {Part::k_proj, "self_attn.k_proj.weight", nullptr, "attn_k.weight"},
    {Part::v_proj, "self_attn.v_proj.weight", nullptr, "attn_v.weight"},
    {Part::o_proj, "self_attn.o_proj.weight", nullptr, "attn_output.weight"},
    {Part::q_norm, "self_attn.q_norm.weight", nullptr, "attn_q_norm.weight"},
    {Part::k_norm, "self_attn.k_norm.weight", nullptr, "attn_k_norm.weight"},
    {Part::gate, "mlp.gate_proj.weight", nullptr, "ffn_gate.weight"},
    {Part::up, "mlp.up_proj.weight", nullptr, "ffn_up.weight"},
    {Part::down, "mlp.down_proj.weight", nullptr, "ffn_down.weight"},
    {Part::router, "mlp.gate.weight", nullptr, "ffn_gate_inp.weight"},
    {Part::experts_gate, "mlp.experts.*.gate_proj.weight", "mlp.switch_mlp.gate_proj.weight",
     "ffn_gate_exps.weight"},
    {Part::experts_up, "mlp.experts.*.up_proj.weight", "mlp.switch_mlp.up_proj.weight",
     "ffn_up_exps.weight"},
    {Part::experts_down, "mlp.experts.*.down_proj.weight", "mlp.switch_mlp.down_proj.weight",
     "ffn_down_exps.weight"},
};

constexpr Names kMixtral[] = {
    {Part::router, "block_sparse_moe.gate.weight", nullptr, "ffn_gate_inp.weight"},
    {Part::experts_gate, "block_sparse_moe.experts.*.w1.weight",
     "block_sparse_moe.switch_mlp.gate_proj.weight", "ffn_gate_exps.weight"},
    {Part::experts_up, "block_sparse_moe.experts.*.w3.weight",
     "block_sparse_moe.switch_mlp.up_proj.weight", "ffn_up_exps.weight"},
    {Part::experts_down, "block_sparse_moe.experts.*.w2.weight",
     "block_sparse_moe.switch_mlp.down_proj.weight", "ffn_down_exps.weight"},
};

constexpr Names kLfm2Moe[] = {
    {Part::final_norm, "model.embedding_norm.weight", nullptr, "token_embd_norm.weight"},
    {Part::attn_norm, "operator_norm.weight", nullptr, "attn_norm.weight"},
    {Part::mlp_norm, "ffn_norm.weight", nullptr, "ffn_norm.weight"},
    {Part::o_proj, "self_attn.out_proj.weight", nullptr, "attn_output.weight"},
    {Part::q_norm, "self_attn.q_layernorm.weight", nullptr, "attn_q_norm.weight"},
    {Part::k_norm, "self_attn.k_layernorm.weight", nullptr, "attn_k_norm.weight"},
    {Part::conv_in, "conv.in_proj.weight", nullptr, "shortconv.in_proj.weight"},
    {Part::conv_taps, "conv.conv.weight", nullptr, "shortconv.conv.weight"},
    {Part::conv_out, "conv.out_proj.weight", nullptr, "shortconv.out_proj.weight"},
    {Part::gate, "feed_forward.w1.weight", "feed_forward.gate_proj.weight", "ffn_gate.weight"},
    {Part::up, "feed_forward.w3.weight", "feed_forward.up_proj.weight", "ffn_up.weight"},
    {Part::down, "feed_forward.w2.weight", "feed_forward.down_proj.weight", "ffn_down.weight"},
    {Part::router, "feed_forward.gate.weight", nullptr, "ffn_gate_inp.weight"},
    {Part::expert_bias, "feed_forward.expert_bias", nullptr, "exp_probs_b.bias"},
    {Part::experts_gate, "feed_forward.experts.*.w1.weight",
     "feed_forward.switch_mlp.gate_proj.weight", "ffn_gate_exps.weight"},
    {Part::experts_up, "feed_forward.experts.*.w3.weight", "feed_forward.switch_mlp.up_proj.weight",
     "ffn_up_exps.weight"},
    {Part::experts_down, "feed_forward.experts.*.w2.weight",
     "feed_forward.switch_mlp.down_proj.weight", "ffn_down_exps.weight"},
};

/// Hugging Face keeps gate_proj and up_proj in one tensor, named here by the gate.
constexpr Names kGptOss[] = {
    {Part::mlp_norm, "post_attention_layernorm.weight", nullptr, "post_attention_norm.weight"},
    {Part::q_bias, "self_attn.q_proj.bias", nullptr, "attn_q.bias"},
    {Part::k_bias, "self_attn.k_proj.bias", nullptr, "attn_k.bias"},
    {Part::v_bias, "self_attn.v_proj.bias", nullptr, "attn_v.bias"},
    {Part::o_bias, "self_attn.o_proj.bias", nullptr, "attn_output.bias"},
    {Part::sinks, "self_attn.sinks", nullptr, "attn_sinks.weight"},
    {Part::router, "mlp.router.weight", nullptr, "ffn_gate_inp.weight"},
    {Part::router_bias, "mlp.router.bias", nullptr, "ffn_gate_inp.bias"},
    {Part::experts_gate, "mlp.experts.gate_up_proj", "mlp.experts.gate_proj.weight",
     "ffn_gate_exps.weight"},
    {Part::experts_up, "", "mlp.experts.up_proj.weight", "ffn_up_exps.weight"},
    {Part::experts_down, "mlp.experts.down_proj", "mlp.experts.down_proj.weight",
     "ffn_down_exps.weight"},
    {Part::experts_gate_bias, "mlp.experts.gate_up_proj_bias", "mlp.experts.gate_proj.bias",
     "ffn_gate_exps.bias"},
    {Part::experts_up_bias, "", "mlp.experts.up_proj.bias", "ffn_up_exps.bias"},
    {Part::experts_down_bias, "mlp.experts.down_proj_bias", "mlp.experts.down_proj.bias",
     "ffn_down_exps.bias"},
};

std::span<const Names> names_of(const std::string& model_type) {
  if (model_type == "mixtral") return kMixtral;
  if (model_type == "lfm2_moe") return kLfm2Moe;
  if (model_type == "gpt_oss") return kGptOss;
  return {};
}

const Names& find(const std::string& model_type, Part part) {
  const std::array tables = {names_of(model_type), std::span<const Names>(kMost)};
  for (const std::span<const Names> table : tables) {
    for (const Names& names : table) {
      if (names.part == part) return names;
    }
  }
  check_failed("a part that this family has no name for", __FILE__, __LINE__);
}

}  // namespace

std::string tensor_name(const std::string& model_type, Format format, const ModelTensor& tensor) {
  const Names& names = find(model_type, tensor.part);
  if (format == Format::gguf) {
    return tensor.layer < 0 ? names.gguf : fmt::format("blk.{}.{}", tensor.layer, names.gguf);
  }
  const char* name = format == Format::mlx && names.mlx != nullptr ? names.mlx : names.hf;
  return tensor.layer < 0 ? name : fmt::format("model.layers.{}.{}", tensor.layer, name);
}

}  // namespace fidelio::synth
