// Source of the stored names: the MODEL_TENSORS tables of llama.cpp's gguf package.
#include "core/gguf/gguf_architecture.h"

#include <array>

namespace fidelio {

namespace {

using Row = GgufTensorName;

constexpr Row kWhole[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
};
constexpr Row kLfm2Whole[] = {
    {"token_embd", "model.embed_tokens"},
    {"token_embd_norm", "model.embedding_norm"},
};

// Pre-norm decoders with a dense MLP.
constexpr Row kDense[] = {
    {"attn_norm", "input_layernorm"},    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},      {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"}, {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"}, {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},       {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};
// The same with experts: stacked, as MLX has them.
constexpr Row kMixtral[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate_inp", "block_sparse_moe.gate"},
    {"ffn_gate_exps", "block_sparse_moe.switch_mlp.gate_proj"},
    {"ffn_up_exps", "block_sparse_moe.switch_mlp.up_proj"},
    {"ffn_down_exps", "block_sparse_moe.switch_mlp.down_proj"},
};
constexpr Row kMoe[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate_inp", "mlp.gate"},
    {"ffn_gate_exps", "mlp.switch_mlp.gate_proj"},
    {"ffn_up_exps", "mlp.switch_mlp.up_proj"},
    {"ffn_down_exps", "mlp.switch_mlp.down_proj"},
};
constexpr Row kLfm2[] = {
    {"attn_norm", "operator_norm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.out_proj"},
    {"attn_q_norm", "self_attn.q_layernorm"},
    {"attn_k_norm", "self_attn.k_layernorm"},
    {"shortconv.conv", "conv.conv"},
    {"shortconv.in_proj", "conv.in_proj"},
    {"shortconv.out_proj", "conv.out_proj"},
    {"ffn_norm", "ffn_norm"},
    {"ffn_gate", "feed_forward.w1"},
    {"ffn_up", "feed_forward.w3"},
    {"ffn_down", "feed_forward.w2"},
    {"ffn_gate_inp", "feed_forward.gate"},
    {"ffn_gate_exps", "feed_forward.switch_mlp.gate_proj"},
    {"ffn_up_exps", "feed_forward.switch_mlp.up_proj"},
    {"ffn_down_exps", "feed_forward.switch_mlp.down_proj"},
    {"exp_probs_b.bias", "feed_forward.expert_bias"},
};
constexpr Row kGptOss[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_sinks.weight", "self_attn.sinks"},
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_gate_inp", "mlp.router"},
    {"ffn_gate_exps", "mlp.experts.gate_proj"},
    {"ffn_up_exps", "mlp.experts.up_proj"},
    {"ffn_down_exps", "mlp.experts.down_proj"},
};

constexpr GgufArchitecture kArchitectures[] = {
    // name, model_type, experts, rotation of neighbours, names
    {"gpt-oss", "gpt_oss", true, false, kWhole, kGptOss},
    {"lfm2", "lfm2", false, false, kLfm2Whole, kLfm2},
    {"lfm2moe", "lfm2_moe", true, false, kLfm2Whole, kLfm2},
    {"llama", "llama", false, true, kWhole, kDense},
    {"llama", "mixtral", true, true, kWhole, kMixtral},
    {"olmoe", "olmoe", true, false, kWhole, kMoe},
    {"qwen2", "qwen2", false, false, kWhole, kDense},
    {"qwen3", "qwen3", false, false, kWhole, kDense},
    {"qwen3moe", "qwen3_moe", true, false, kWhole, kMoe},
};

constexpr std::string_view kStoredBlock = "blk.";
constexpr std::string_view kLayer = "model.layers.";

/// "blk.12.attn_q" -> "12." and "attn_q"; nullopt without the prefix and a number.
struct BlockName {
  std::string_view number;
  std::string_view rest;
};
std::optional<BlockName> block_name(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const std::size_t dot = name.find('.');
  const bool number = dot != std::string_view::npos && dot > 0 &&
                      name.substr(0, dot).find_first_not_of("0123456789") == std::string_view::npos;
  if (!number) return std::nullopt;
  return BlockName{name.substr(0, dot + 1), name.substr(dot + 1)};
}

bool is_spelled_out(const Row& row) {
  return row.stored.ends_with(".weight") || row.stored.ends_with(".bias");
}

/// `name` with the row's `from` replaced by its `to`, and the suffix behind it kept.
std::optional<std::string> renamed(std::string_view name, std::span<const Row> rows,
                                   std::string_view Row::*from, std::string_view Row::*to) {
  for (const Row& row : rows) {
    if (is_spelled_out(row)) {
      if (name == row.*from) return std::string(row.*to);
      continue;
    }
    for (const std::string_view suffix : {".weight", ".bias"}) {
      const std::string_view base = row.*from;
      const bool matches = name.size() == base.size() + suffix.size() && name.starts_with(base) &&
                           name.ends_with(suffix);
      if (matches) return std::string(row.*to) + std::string(suffix);
    }
  }
  return std::nullopt;
}

std::optional<std::string> renamed_in(const GgufArchitecture& architecture, std::string_view name,
                                      bool to_checkpoint) {
  const auto from = to_checkpoint ? &Row::stored : &Row::checkpoint;
  const auto to = to_checkpoint ? &Row::checkpoint : &Row::stored;
  const auto block = block_name(name, to_checkpoint ? kStoredBlock : kLayer);
  if (!block) return renamed(name, architecture.whole, from, to);
  const auto rest = renamed(block->rest, architecture.block, from, to);
  if (!rest) return std::nullopt;
  return std::string(to_checkpoint ? kLayer : kStoredBlock) + std::string(block->number) + *rest;
}

}  // namespace

std::optional<std::string> GgufArchitecture::checkpoint_name(std::string_view stored) const {
  return renamed_in(*this, stored, true);
}

std::optional<std::string> GgufArchitecture::stored_name(std::string_view checkpoint) const {
  return renamed_in(*this, checkpoint, false);
}

const GgufArchitecture* find_gguf_architecture(std::string_view name, bool has_experts) {
  for (const GgufArchitecture& row : kArchitectures) {
    if (row.name == name && row.has_experts == has_experts) return &row;
  }
  return nullptr;
}

std::string gguf_architecture_names() {
  std::string names;
  std::string_view last;
  for (const GgufArchitecture& row : kArchitectures) {
    if (row.name != last) names += (names.empty() ? "" : ", ") + std::string(row.name);
    last = row.name;
  }
  return names;
}

}  // namespace fidelio
