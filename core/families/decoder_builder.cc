#include "core/families/decoder_builder.h"

#include <fmt/format.h>

#include <cmath>

namespace fidelio {

std::vector<float> rope_inv_freq(float theta, std::int64_t head_dim) {
  std::vector<float> inv_freq;
  for (std::int64_t i = 0; i < head_dim; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(head_dim);
    const auto power =
        static_cast<float>(std::pow(static_cast<double>(theta), static_cast<double>(exponent)));
    inv_freq.push_back(1.0F / power);
  }
  return inv_freq;
}

DecoderBuilder::DecoderBuilder(const ModelConfig& config) : config_(config) {
  const ValueId ids = graph_.add_input("ids", ValueType::i32, {kTokens});
  positions_ = graph_.add_input("positions", ValueType::i32, {kTokens});
  inv_freq_ = graph_.add_param({"rope.inv_freq",
                                Param::Kind::constant,
                                {config.head_dim / 2},
                                {},
                                rope_inv_freq(config.rope_theta, config.head_dim)});
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

ValueId DecoderBuilder::head_norm(const std::string& param, ValueId x, std::int64_t heads,
                                  const std::string& name) {
  return append(Op::rms_norm, {vector(param, config_.head_dim)}, {x}, name,
                {{"eps", config_.rms_norm_eps}, {"groups", heads}});
}

ValueId DecoderBuilder::rotated(ValueId x, std::int64_t heads, const std::string& name) {
  return append(Op::rope, {inv_freq_}, {x, positions_}, name, {{"heads", heads}});
}

void DecoderBuilder::add_residual(ValueId branch, const std::string& name) {
  x_ = append(Op::add, {}, {x_, branch}, name);
}

void DecoderBuilder::attention(int layer, bool head_norms) {
  layer_ = layer;
  const std::int64_t heads = config_.num_attention_heads;
  const std::int64_t kv_heads = config_.num_key_value_heads;
  const std::int64_t dim = config_.head_dim;
  const std::int64_t hidden = config_.hidden_size;
  const ValueId h = norm(path("input_layernorm"), x_, "attn_norm");
  ValueId q = append(Op::linear, {matrix(path("self_attn.q_proj"), heads * dim, hidden)}, {h}, "q");
  ValueId k =
      append(Op::linear, {matrix(path("self_attn.k_proj"), kv_heads * dim, hidden)}, {h}, "k");
  const ValueId v =
      append(Op::linear, {matrix(path("self_attn.v_proj"), kv_heads * dim, hidden)}, {h}, "v");
  if (head_norms) {
    q = head_norm(path("self_attn.q_norm"), q, heads, "q_norm");
    k = head_norm(path("self_attn.k_norm"), k, kv_heads, "k_norm");
  }
  q = rotated(q, heads, "q_rot");
  k = rotated(k, kv_heads, "k_rot");
  const ValueId kv = append(Op::kv_append, {}, {k, v}, "kv", {{"layer", std::int64_t{layer}}});
  const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(dim)));
  const ValueId a = append(Op::attention, {}, {q, kv}, "attn",
                           {{"layer", std::int64_t{layer}},
                            {"num_attention_heads", heads},
                            {"num_key_value_heads", kv_heads},
                            {"scale", scale}});
  const ValueId o =
      append(Op::linear, {matrix(path("self_attn.o_proj"), hidden, heads * dim)}, {a}, "o");
  add_residual(o, "x_attn");
}

void DecoderBuilder::dense_mlp(int layer) {
  layer_ = layer;
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t inter = config_.intermediate_size;
  const ValueId h = norm(path("post_attention_layernorm"), x_, "mlp_norm");
  const ValueId g = append(Op::linear, {matrix(path("mlp.gate_proj"), inter, hidden)}, {h}, "gate");
  const ValueId u = append(Op::linear, {matrix(path("mlp.up_proj"), inter, hidden)}, {h}, "up");
  const ValueId s = append(Op::silu, {}, {g}, "silu");
  const ValueId m = append(Op::mul, {}, {s, u}, "swiglu");
  const ValueId d = append(Op::linear, {matrix(path("mlp.down_proj"), hidden, inter)}, {m}, "down");
  add_residual(d, "x_mlp");
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
  const ValueId h = norm(path("post_attention_layernorm"), x_, "mlp_norm");
  const ParamId router = matrix(path(block.path + "." + block.router), config_.num_experts, hidden);
  const ValueId logits = append(Op::linear, {router}, {h}, "router_logits");
  const auto [weights, ids] = route(block, logits);
  const ParamId gate = stack(block, block.gate_proj, "gate_proj", block.inter, hidden);
  const ParamId up = stack(block, block.up_proj, "up_proj", block.inter, hidden);
  const ParamId down = stack(block, block.down_proj, "down_proj", hidden, block.inter);
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
