#include "core/families/decoder_builder.h"

#include <fmt/format.h>

#include <cmath>

#include "core/families/rope_frequencies.h"

namespace fidelio {

AttentionBlock attention_block(const ModelConfig& config) {
  AttentionBlock block;
  block.qkv_bias = config.attention_bias;
  block.o_bias = config.attention_bias;
  return block;
}

DecoderBuilder::DecoderBuilder(const ModelConfig& config, NormNames norms)
    : config_(config), norms_(std::move(norms)) {
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

ParamId DecoderBuilder::param(Param::Kind kind, const std::vector<std::string>& sources,
                              Shape shape) {
  std::vector<std::string> paths;
  for (const std::string& source : sources) paths.push_back(path(source));
  std::string name = paths.front();
  if (name.ends_with(".T")) name.resize(name.size() - 2);
  return graph_.add_param({std::move(name), kind, std::move(shape), std::move(paths), {}});
}

ValueId DecoderBuilder::append(Op op, std::vector<ParamId> params, std::vector<ValueId> inputs,
                               const std::string& name, Attributes attributes) {
  Node node{op, std::move(params), std::move(inputs), {}, std::move(attributes), layer_};
  return graph_.add(std::move(node), {layer_ < 0 ? name : fmt::format("l{}.{}", layer_, name)})
      .front();
}

std::vector<ValueId> DecoderBuilder::append_all(Op op, std::vector<ValueId> inputs,
                                                const std::vector<std::string>& names,
                                                Attributes attributes) {
  std::vector<std::string> full;
  for (const std::string& name : names) full.push_back(fmt::format("l{}.{}", layer_, name));
  return graph_.add({op, {}, std::move(inputs), {}, std::move(attributes), layer_}, full);
}

ValueId DecoderBuilder::norm(const std::string& param, ValueId x, const std::string& name) {
  return append(Op::rms_norm, {vector(param, config_.hidden_size)}, {x}, name,
                {{"eps", config_.rms_norm_eps}});
}

ValueId DecoderBuilder::project(const std::vector<std::string>& proj, ValueId x, std::int64_t rows,
                                std::int64_t cols, bool bias, const std::string& name) {
  const ParamId w = param(Param::Kind::matrix, proj, {rows, cols});
  const ValueId y = append(Op::linear, {w}, {x}, name);
  if (!bias) return y;
  return append(Op::add_bias, {vector(path(proj.front() + ".bias"), rows)}, {y}, name + "_biased");
}

ValueId DecoderBuilder::qk_norm(QkNorm kind, const std::string& param, ValueId x,
                                std::int64_t heads, const std::string& name) {
  if (kind == QkNorm::none) return x;
  const bool each_head = kind == QkNorm::each_head;
  const std::int64_t size = each_head ? config_.head_dim : heads * config_.head_dim;
  Attributes attributes = {{"eps", config_.rms_norm_eps}};
  if (each_head) attributes.emplace_back("groups", heads);
  return append(Op::rms_norm, {vector(path(param), size)}, {x}, name, std::move(attributes));
}

ValueId DecoderBuilder::rotated(ValueId x, std::int64_t heads, const std::string& name) {
  Attributes attributes = {{"heads", heads}};
  if (config_.rope_traditional) attributes.emplace_back("interleaved", std::int64_t{1});
  if (const float factor = config_.rope_scaling.attention_factor; factor != 1)
    attributes.push_back({"attention_factor", factor});
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
  const ValueId h = norm(path(norms_.attention), x_, "attn_norm");
  ValueId q = project({"self_attn.q_proj"}, h, heads * dim, hidden, block.qkv_bias, "q");
  ValueId k = project({"self_attn.k_proj"}, h, kv_heads * dim, hidden, block.qkv_bias, "k");
  const ValueId v = project({"self_attn.v_proj"}, h, kv_heads * dim, hidden, block.qkv_bias, "v");
  q = qk_norm(block.qk_norm, "self_attn." + block.q_norm, q, heads, "q_norm");
  k = qk_norm(block.qk_norm, "self_attn." + block.k_norm, k, kv_heads, "k_norm");
  q = rotated(q, heads, "q_rot");
  k = rotated(k, kv_heads, "k_rot");
  const ValueId kv = append(Op::kv_append, {}, {k, v}, "kv", {{"layer", std::int64_t{layer}}});
  const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(dim)));
  Attributes attributes = {{"layer", std::int64_t{layer}},
                           {"num_attention_heads", heads},
                           {"num_key_value_heads", kv_heads},
                           {"scale", scale}};
  if (const std::int64_t window = config_.window_of(layer); window > 0)
    attributes.emplace_back("sliding_window", window);
  std::vector<ParamId> sinks;
  if (block.sinks) sinks.push_back(vector(path("self_attn.sinks"), heads));
  const ValueId a = append(Op::attention, std::move(sinks), {q, kv}, "attn", std::move(attributes));
  add_residual(project({"self_attn." + block.o_proj}, a, hidden, heads * dim, block.o_bias, "o"),
               "x_attn");
}

void DecoderBuilder::short_conv(int layer) {
  layer_ = layer;
  const std::int64_t hidden = config_.hidden_size;
  const bool bias = config_.conv_bias;
  const auto part = [&](ValueId x, std::int64_t i, const std::string& name) {
    return append(Op::columns, {}, {x}, name, {{"part", i}, {"parts", std::int64_t{3}}});
  };
  const ValueId h = norm(path(norms_.attention), x_, "conv_norm");
  const ValueId bcu = project({"conv.in_proj"}, h, 3 * hidden, hidden, bias, "bcu");
  const ValueId b = part(bcu, 0, "b");
  const ValueId c = part(bcu, 1, "c");
  const ValueId u = append(Op::mul, {}, {b, part(bcu, 2, "u")}, "bu");
  const ParamId taps = param(Param::Kind::taps, {"conv.conv"}, {hidden, config_.conv_L_cache});
  ValueId y = append(Op::short_conv, {taps}, {u}, "conv", {{"layer", std::int64_t{layer}}});
  if (bias) y = append(Op::add_bias, {vector(path("conv.conv.bias"), hidden)}, {y}, "conv_biased");
  y = append(Op::mul, {}, {c, y}, "cy");
  add_residual(project({"conv.out_proj"}, y, hidden, hidden, bias, "conv_out"), "x_conv");
}

ValueId DecoderBuilder::begin_mlp(int layer) {
  layer_ = layer;
  return norm(path(norms_.mlp), x_, "mlp_norm");
}

void DecoderBuilder::dense_mlp(int layer, const DenseBlock& block) {
  const std::int64_t hidden = config_.hidden_size;
  const std::int64_t inter = config_.intermediate_size;
  const bool bias = config_.mlp_bias;
  const ValueId h = begin_mlp(layer);
  const ValueId g = project(block.gate_proj, h, inter, hidden, bias, "gate");
  const ValueId u = project(block.up_proj, h, inter, hidden, bias, "up");
  const ValueId s = append(Op::silu, {}, {g}, "silu");
  const ValueId m = append(Op::mul, {}, {s, u}, "swiglu");
  add_residual(project(block.down_proj, m, hidden, inter, bias, "down"), "x_mlp");
}

Graph DecoderBuilder::finish() {
  layer_ = -1;
  const ValueId rows = append(Op::wanted_rows, {}, {x_}, "last_x");
  const ValueId h = norm(norms_.final, rows, "final_norm");
  const std::string head = config_.tie_word_embeddings ? "model.embed_tokens" : "lm_head";
  const ValueId logits =
      append(Op::linear, {matrix(head, config_.vocab_size, config_.hidden_size)}, {h}, "logits");
  graph_.set_outputs({logits});
  return std::move(graph_);
}

}  // namespace fidelio
