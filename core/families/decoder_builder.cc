#include "core/families/decoder_builder.h"

#include <fmt/format.h>

#include <cmath>

#include "core/families/rope_frequencies.h"

namespace fidelio {

AttentionBlock attention_block(const ModelConfig& config) {
  return {QkNorm::none, config.attention_bias, config.attention_bias};
}

DecoderBuilder::DecoderBuilder(const ModelConfig& config) : config_(config) {
  const ValueId ids = graph_.add_input("ids", ValueType::i32, {kTokens});
  positions_ = graph_.add_input("positions", ValueType::i32, {kTokens});
  inv_freq_ = graph_.add_param(
      {"rope.inv_freq", Param::Kind::constant, {config.head_dim / 2}, {}, rope_inv_freq(config)});
  x_ = append(Op::embedding, {matrix("model.embed_tokens", config.vocab_size, config.hidden_size)},
              {ids}, "x");
}

std::string DecoderBuilder::path(const std::string& suffix) const {
  return fmt::format("model.layers.{}.{}", layer_, suffix);
}

ParamId DecoderBuilder::matrix(const std::string& name, std::int64_t rows, std::int64_t cols) {
  return graph_.add_param({name, Param::Kind::matrix, {rows, cols}, {}, {}});
}

ParamId DecoderBuilder::vector(const std::string& name, std::int64_t size) {
  return graph_.add_param({name, Param::Kind::vector, {size}, {}, {}});
}

ParamId DecoderBuilder::stack(const ExpertBlock& block, const std::string& proj,
                              const std::string& stacked, std::int64_t rows, std::int64_t cols) {
  const std::string each = path(block.path + ".experts.*." + proj);
  return graph_.add_param({each,
                           Param::Kind::experts,
                           {config_.num_experts, rows, cols},
                           {each, path(block.path + ".switch_mlp." + stacked)},
                           {}});
}

ValueId DecoderBuilder::append(Op op, std::vector<ParamId> params, std::vector<ValueId> inputs,
                               const std::string& name,
                               std::vector<std::pair<std::string, Attribute>> attributes) {
  Node node{op, std::move(params), std::move(inputs), {}, std::move(attributes), layer_};
  return graph_.add(std::move(node), {layer_ < 0 ? name : fmt::format("l{}.{}", layer_, name)})
      .front();
}

ValueId DecoderBuilder::norm(const std::string& param, ValueId x, const std::string& name) {
  return append(Op::rms_norm, {vector(param, config_.hidden_size)}, {x}, name,
                {{"eps", config_.rms_norm_eps}});
}

ValueId DecoderBuilder::project(const std::string& proj, ValueId x, std::int64_t rows,
                                std::int64_t cols, bool bias, const std::string& name) {
  const ValueId y = append(Op::linear, {matrix(path(proj), rows, cols)}, {x}, name);
  if (!bias) return y;
  return append(Op::add_bias, {vector(path(proj + ".bias"), rows)}, {y}, name + "_biased");
}

ValueId DecoderBuilder::qk_norm(QkNorm kind, const std::string& param, ValueId x,
                                std::int64_t heads, const std::string& name) {
  if (kind == QkNorm::none) return x;
  const bool each_head = kind == QkNorm::each_head;
  const std::int64_t size = each_head ? config_.head_dim : heads * config_.head_dim;
  std::vector<std::pair<std::string, Attribute>> attributes = {{"eps", config_.rms_norm_eps}};
  if (each_head) attributes.emplace_back("groups", heads);
  return append(Op::rms_norm, {vector(path(param), size)}, {x}, name, std::move(attributes));
}

ValueId DecoderBuilder::rotated(ValueId x, std::int64_t heads, const std::string& name) {
  std::vector<std::pair<std::string, Attribute>> attributes = {{"heads", heads}};
  if (config_.rope_traditional) attributes.emplace_back("interleaved", std::int64_t{1});
  return append(Op::rope, {inv_freq_}, {x, positions_}, name, std::move(attributes));
}

void DecoderBuilder::add_residual(ValueId branch, const std::string& name) {
  x_ = append(Op::add, {}, {x_, branch}, name);
}

void DecoderBuilder::attention(int layer, const AttentionBlock& block) {
  layer_ = layer;
  const std::int64_t heads = config_.num_attention_heads;
  const std::int64_t kv_heads = config_.num_key_value_heads;
  const std::int64_t dim = config_.head_dim;
  const std::int64_t hidden = config_.hidden_size;
  const ValueId h = norm(path("input_layernorm"), x_, "attn_norm");
  ValueId q = project("self_attn.q_proj", h, heads * dim, hidden, block.qkv_bias, "q");
  ValueId k = project("self_attn.k_proj", h, kv_heads * dim, hidden, block.qkv_bias, "k");
  const ValueId v = project("self_attn.v_proj", h, kv_heads * dim, hidden, block.qkv_bias, "v");
  q = qk_norm(block.qk_norm, "self_attn.q_norm", q, heads, "q_norm");
  k = qk_norm(block.qk_norm, "self_attn.k_norm", k, kv_heads, "k_norm");
  q = rotated(q, heads, "q_rot");
  k = rotated(k, kv_heads, "k_rot");
  const ValueId kv = append(Op::kv_append, {}, {k, v}, "kv", {{"layer", std::int64_t{layer}}});
  const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(dim)));
  std::vector<std::pair<std::string, Attribute>> attributes = {{"layer", std::int64_t{layer}},
                                                               {"num_attention_heads", heads},
                                                               {"num_key_value_heads", kv_heads},
                                                               {"scale", scale}};
  if (const std::int64_t window = config_.window_of(layer); window > 0)
    attributes.emplace_back("sliding_window", window);
  const ValueId a = append(Op::attention, {}, {q, kv}, "attn", std::move(attributes));
  add_residual(project("self_attn.o_proj", a, hidden, heads * dim, block.o_bias, "o"), "x_attn");
}

void DecoderBuilder::dense_mlp(int layer) {
  layer_ = layer;
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t inter = config_.intermediate_size;
  const bool bias = config_.mlp_bias;
  const ValueId h = norm(path("post_attention_layernorm"), x_, "mlp_norm");
  const ValueId g = project("mlp.gate_proj", h, inter, hidden, bias, "gate");
  const ValueId u = project("mlp.up_proj", h, inter, hidden, bias, "up");
  const ValueId s = append(Op::silu, {}, {g}, "silu");
  const ValueId m = append(Op::mul, {}, {s, u}, "swiglu");
  add_residual(project("mlp.down_proj", m, hidden, inter, bias, "down"), "x_mlp");
}

std::pair<ValueId, ValueId> DecoderBuilder::route(const ExpertBlock& block, ValueId logits) {
  ValueId scores = logits;
  if (block.softmax_first) scores = append(Op::softmax, {}, {logits}, "probs");
  Node top_k{Op::top_k, {}, {scores}, {}, {{"k", config_.num_experts_per_tok}}, layer_};
  const std::vector<ValueId> chosen = graph_.add(
      std::move(top_k), {fmt::format("l{}.top", layer_), fmt::format("l{}.experts", layer_)});
  ValueId weights = chosen[0];
  if (!block.softmax_first) weights = append(Op::softmax, {}, {weights}, "weights");
  if (block.normalize) weights = append(Op::normalize, {}, {weights}, "weights");
  return {weights, chosen[1]};
}

void DecoderBuilder::experts(int layer, const ExpertBlock& block) {
  layer_ = layer;
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t inter = config_.moe_intermediate_size;
  const ValueId h = norm(path("post_attention_layernorm"), x_, "mlp_norm");
  const ParamId router = matrix(path(block.path + "." + block.router), config_.num_experts, hidden);
  const ValueId logits = append(Op::linear, {router}, {h}, "router_logits");
  const auto [weights, ids] = route(block, logits);
  const ParamId gate = stack(block, block.gate_proj, "gate_proj", inter, hidden);
  const ParamId up = stack(block, block.up_proj, "up_proj", inter, hidden);
  const ParamId down = stack(block, block.down_proj, "down_proj", hidden, inter);
  const ValueId g = append(Op::gather_matmul, {gate}, {h, ids}, "gate");
  const ValueId u = append(Op::gather_matmul, {up}, {h, ids}, "up");
  const ValueId s = append(Op::silu, {}, {g}, "silu");
  const ValueId m = append(Op::mul, {}, {s, u}, "swiglu");
  const ValueId d = append(Op::gather_matmul, {down}, {m, ids}, "down");
  const ValueId y = append(Op::combine, {}, {d, weights}, "moe");
  add_residual(y, "x_mlp");
}

Graph DecoderBuilder::finish() {
  layer_ = -1;
  const ValueId rows = append(Op::wanted_rows, {}, {x_}, "last_x");
  const ValueId h = norm("model.norm", rows, "final_norm");
  const std::string head = config_.tie_word_embeddings ? "model.embed_tokens" : "lm_head";
  const ValueId logits =
      append(Op::linear, {matrix(head, config_.vocab_size, config_.hidden_size)}, {h}, "logits");
  graph_.set_outputs({logits});
  return std::move(graph_);
}

}  // namespace fidelio
