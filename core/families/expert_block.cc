#include "core/families/expert_block.h"

namespace fidelio {
namespace {

using Kind = Param::Kind;

struct Routing {
  ValueId weights;
  ValueId ids;
};

/// The values and ids of the k largest.
Routing top_k(DecoderBuilder& b, ValueId scores) {
  const std::vector<ValueId> chosen = b.append_all(Op::top_k, {scores}, {"top", "experts"},
                                                   {{"k", b.config().num_experts_per_tok}});
  return {chosen[0], chosen[1]};
}

/// Sigmoid scores; with a selection bias the k largest biased ones, weighed by the unbiased.
Routing sigmoid_top_k(DecoderBuilder& b, const ExpertBlock& block, ValueId logits) {
  const ValueId scores = b.append(Op::sigmoid, {}, {logits}, "scores");
  if (block.selection_bias.empty()) return top_k(b, scores);
  const ParamId bias = b.param(Kind::vector, {block.selection_bias}, {b.config().num_experts});
  const ValueId biased = b.append(Op::add_bias, {bias}, {scores}, "scores_biased");
  const ValueId ids = top_k(b, biased).ids;
  return {b.append(Op::take, {}, {scores, ids}, "taken"), ids};
}

Routing route(DecoderBuilder& b, const ExpertBlock& block, ValueId logits) {
  Routing routing;
  if (block.order == RouterOrder::softmax_topk) {
    routing = top_k(b, b.append(Op::softmax, {}, {logits}, "probs"));
  } else if (block.order == RouterOrder::sigmoid_topk) {
    routing = sigmoid_top_k(b, block, logits);
  } else {
    routing = top_k(b, logits);
    routing.weights = b.append(Op::softmax, {}, {routing.weights}, "weights");
  }
  if (block.normalize) {
    DecoderBuilder::Attributes eps;
    if (block.eps != 0) eps.emplace_back("eps", block.eps);
    routing.weights = b.append(Op::normalize, {}, {routing.weights}, "weights", std::move(eps));
  }
  if (block.factor != 1) {
    routing.weights = b.append(Op::mul_scalar, {}, {routing.weights}, "weights_scaled",
                               {{"value", block.factor}});
  }
  return routing;
}

/// One projection of every chosen expert, with its bias where it has one.
ValueId project(DecoderBuilder& b, const std::vector<std::string>& sources,
                const std::vector<std::string>& bias, ValueId x, ValueId ids, std::int64_t rows,
                std::int64_t cols, const std::string& name) {
  const std::int64_t n = b.config().num_experts;
  const ParamId stack = b.param(Kind::experts, sources, {n, rows, cols});
  const ValueId y = b.append(Op::gather_matmul, {stack}, {x, ids}, name);
  if (bias.empty()) return y;
  const ParamId vectors = b.param(Kind::expert_vectors, bias, {n, rows});
  return b.append(Op::add_expert_bias, {vectors}, {y, ids}, name + "_biased");
}

/// silu(gate) * up, or its clamped form.
ValueId swiglu(DecoderBuilder& b, const ExpertBlock& block, ValueId gate, ValueId up) {
  if (block.limit != 0) {
    gate = b.append(Op::clamp, {}, {gate}, "gate_clamped", {{"max", block.limit}});
    up = b.append(Op::clamp, {}, {up}, "up_clamped", {{"min", -block.limit}, {"max", block.limit}});
  }
  DecoderBuilder::Attributes alpha;
  if (block.alpha != 1) alpha.emplace_back("alpha", block.alpha);
  const ValueId s = b.append(Op::silu, {}, {gate}, "silu", std::move(alpha));
  if (block.up_add != 0)
    up = b.append(Op::add_scalar, {}, {up}, "up_added", {{"value", block.up_add}});
  return b.append(Op::mul, {}, {s, up}, "swiglu");
}

}  // namespace

ExpertBlock expert_block(const std::string& path, const std::string& gate, const std::string& up,
                         const std::string& down) {
  const auto sources = [&](const std::string& each, const char* stacked) {
    return std::vector<std::string>{path + ".experts.*." + each, path + ".switch_mlp." + stacked};
  };
  ExpertBlock block;
  block.router = path + ".gate";
  block.gate_proj = sources(gate, "gate_proj");
  block.up_proj = sources(up, "up_proj");
  block.down_proj = sources(down, "down_proj");
  return block;
}

void append_experts(DecoderBuilder& b, int layer, const ExpertBlock& block) {
  const std::int64_t hidden = b.config().hidden_size;
  const std::int64_t inter = b.config().moe_intermediate_size;
  const std::int64_t n = b.config().num_experts;
  const ValueId h = b.begin_mlp(layer);
  const ParamId router = b.param(Kind::matrix, {block.router}, {n, hidden});
  ValueId logits = b.append(Op::linear, {router}, {h}, "router_logits");
  if (block.router_bias) {
    const ParamId bias = b.param(Kind::vector, {block.router + ".bias"}, {n});
    logits = b.append(Op::add_bias, {bias}, {logits}, "router_logits_biased");
  }
  const Routing routing = route(b, block, logits);
  const ValueId gate =
      project(b, block.gate_proj, block.gate_bias, h, routing.ids, inter, hidden, "gate");
  const ValueId up = project(b, block.up_proj, block.up_bias, h, routing.ids, inter, hidden, "up");
  const ValueId m = swiglu(b, block, gate, up);
  const ValueId down =
      project(b, block.down_proj, block.down_bias, m, routing.ids, hidden, inter, "down");
  b.end_mlp(b.append(Op::combine, {}, {down, routing.weights}, "moe"));
}

}  // namespace fidelio
