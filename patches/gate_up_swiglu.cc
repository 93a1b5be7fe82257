// Pattern:  mul(silu(gather_matmul(Wg, x, ids)), gather_matmul(Wu, x, ids))
//             -> gate_up_swiglu(Wg, Wu, x, ids)
//           The factors stand in either order: their product has the same bits both ways. Each
//           projection may have its experts' biases, then a clamp, and up an added constant:
//           mul(silu(clamp(g + bg)), clamp(u + bu) + 1), as gpt-oss has it.
// Shapes:   x [n_tokens, hidden]; ids [n_tokens, top_k]; Wg, Wu [experts, inter, hidden];
//           out [n_tokens, top_k, inter]
// Numerics: bit_exact - every dot product keeps its lanes and order; what follows is the
// baseline's,
//           step by step.
// Source:   Shazeer 2020, GLU Variants Improve Transformer; gpt-oss (OpenAI 2025).
#include <fmt/format.h>

#include "patches/catalogue.h"
#include "patches/rounded_projection.h"

namespace fidelio {

namespace {

/// A factor of the product, from the product back to its projection; kNoNode where absent.
struct Factor {
  NodeId added = kNoNode;  ///< add_scalar
  NodeId activation = kNoNode;
  NodeId clamp = kNoNode;
  NodeId bias = kNoNode;
  NodeId projection = kNoNode;
};

// A match's nodes: the gate's Factor, up's, then the product.
enum Role : std::size_t { kGate = 0, kUp = 5, kProduct = 10 };

Factor factor_of(const Match& match, std::size_t first) {
  const auto at = [&](std::size_t i) { return match.nodes[first + i]; };
  return {at(0), at(1), at(2), at(3), at(4)};
}

/// An op on one value alone that could be an activation.
bool may_activate(const Node& node) {
  return node.inputs.size() == 1 && node.params.empty() && node.op != Op::columns &&
         node.op != Op::clamp && node.op != Op::add_scalar;
}

std::optional<Factor> trace(const Graph& graph, ValueId value) {
  Factor factor;
  NodeId at = graph.producer(value);
  const auto step_over = [&](NodeId& place, bool stands) {
    if (!stands) return;
    place = at;
    at = graph.producer(graph.node(at).inputs[0]);
  };
  const auto op = [&] { return graph.node(at).op; };
  step_over(factor.added, op() == Op::add_scalar);
  step_over(factor.activation, may_activate(graph.node(at)));
  step_over(factor.clamp, op() == Op::clamp);
  step_over(factor.bias, op() == Op::add_bias || op() == Op::add_expert_bias);
  const bool projects =
      op() == Op::gather_matmul || op() == Op::linear || is_rounded_projection(op());
  if (!projects) return std::nullopt;
  factor.projection = at;
  return factor;
}

std::optional<Match> find(const Graph& graph, NodeId root) {
  const Node& product = graph.node(root);
  if (product.op != Op::mul) return std::nullopt;
  std::optional<Factor> gate = trace(graph, product.inputs[0]);
  std::optional<Factor> up = trace(graph, product.inputs[1]);
  if (!gate || !up) return std::nullopt;
  if (graph.node(gate->projection).op != graph.node(up->projection).op) return std::nullopt;
  if (gate->activation == kNoNode) std::swap(gate, up);
  return Match{{gate->added, gate->activation, gate->clamp, gate->bias, gate->projection, up->added,
                up->activation, up->clamp, up->bias, up->projection, root},
               product.outputs[0]};
}

Decision check_activation(const Graph& graph, const Factor& gate, const Factor& up) {
  if (gate.activation == kNoNode || up.activation != kNoNode) {
    return refuse(Reason::activation_not_silu, "the product has no silu on exactly one side");
  }
  if (const Op op = graph.node(gate.activation).op; op != Op::silu) {
    return refuse(Reason::activation_not_silu, fmt::format("the activation is {}", info(op).name));
  }
  if (gate.added != kNoNode) {
    return refuse(Reason::activation_not_silu, "a constant is added behind the silu");
  }
  return admit();
}

Decision check_operands(const Graph& graph, const Node& gate, const Node& up) {
  const auto differ = [&](Reason reason, std::size_t i) {
    return refuse(reason,
                  fmt::format("gate_proj reads {}, up_proj {}", value_text(graph, gate.inputs[i]),
                              value_text(graph, up.inputs[i])));
  };
  if (gate.inputs[0] != up.inputs[0]) return differ(Reason::different_inputs, 0);
  if (gate.inputs[1] != up.inputs[1]) return differ(Reason::different_ids, 1);
  if (graph.value(gate.inputs[0]).shape.size() != 2) {
    return refuse(Reason::unsupported_shape,
                  fmt::format("{} has one row for every expert, expected one for every token",
                              value_text(graph, gate.inputs[0])));
  }
  const Shape& gate_shape = graph.param(gate.params[0]).shape;
  const Shape& up_shape = graph.param(up.params[0]).shape;
  if (!gate_shape.empty() && !up_shape.empty() && gate_shape != up_shape) {
    return refuse(
        Reason::unsupported_shape,
        fmt::format("gate_proj is {}, up_proj {}", dims_text(gate_shape), dims_text(up_shape)));
  }
  return admit();
}

/// Biases on both sides or on none, of the same experts; no lower end of the gate's clamp.
Decision check_form(const Graph& graph, const Factor& gate, const Factor& up) {
  if ((gate.bias == kNoNode) != (up.bias == kNoNode)) {
    return refuse(Reason::unsupported_shape, "one of gate_proj and up_proj has biases");
  }
  for (const Factor& factor : {gate, up}) {
    if (factor.bias == kNoNode) continue;
    const Node& bias = graph.node(factor.bias);
    const Node& projection = graph.node(factor.projection);
    if (bias.op == Op::add_expert_bias && bias.inputs[1] == projection.inputs[1]) continue;
    return refuse(Reason::different_ids, fmt::format("{} does not add the biases of {}'s experts",
                                                     value_text(graph, bias.outputs[0]),
                                                     value_text(graph, projection.outputs[0])));
  }
  if (gate.clamp != kNoNode && graph.node(gate.clamp).has("min")) {
    return refuse(Reason::unsupported_shape, "gate_proj is clamped from below");
  }
  return admit();
}

/// Nothing on the way from the projection to the product is read elsewhere.
Decision check_chain(const Graph& graph, const Factor& factor, NodeId product) {
  NodeId reader = product;
  for (const NodeId node :
       {factor.added, factor.activation, factor.clamp, factor.bias, factor.projection}) {
    if (node == kNoNode) continue;
    Decision kept = check_vanishes(graph, graph.node(node).outputs[0], reader);
    if (!kept.admitted()) return kept;
    reader = node;
  }
  return admit();
}

Decision guard(const Graph& graph, const Match& match, const PatchEnv&) {
  const Factor gate = factor_of(match, kGate);
  const Factor up = factor_of(match, kUp);
  const Node& gate_proj = graph.node(gate.projection);
  const Node& up_proj = graph.node(up.projection);
  if (gate_proj.op == Op::linear) {
    return refuse(Reason::dense_projections,
                  "the projections are linear, the fused kernel reads experts by id");
  }
  if (is_rounded_projection(gate_proj.op)) return refuse_already_rounded(graph, gate_proj);
  Decision decision = check_activation(graph, gate, up);
  if (decision.admitted()) decision = check_operands(graph, gate_proj, up_proj);
  if (decision.admitted()) decision = check_form(graph, gate, up);
  if (decision.admitted()) decision = check_chain(graph, gate, match.nodes[kProduct]);
  if (decision.admitted()) decision = check_chain(graph, up, match.nodes[kProduct]);
  return decision;
}

void rewrite(GraphEditor& editor, const Match& match) {
  const Graph& graph = editor.graph();
  const Factor gate = factor_of(match, kGate);
  const Factor up = factor_of(match, kUp);
  Node fused;
  fused.op = Op::gate_up_swiglu;
  fused.params = {graph.node(gate.projection).params[0], graph.node(up.projection).params[0]};
  if (gate.bias != kNoNode) {
    fused.params.push_back(graph.node(gate.bias).params[0]);
    fused.params.push_back(graph.node(up.bias).params[0]);
  }
  fused.inputs = graph.node(gate.projection).inputs;
  fused.outputs = {match.result};
  const auto copy = [&](NodeId from, const char* attribute, const char* to) {
    if (from == kNoNode || !graph.node(from).has(attribute)) return;
    fused.attributes.emplace_back(to, graph.node(from).number(attribute));
  };
  copy(gate.clamp, "max", "gate_max");
  copy(gate.activation, "alpha", "alpha");
  copy(up.clamp, "min", "up_min");
  copy(up.clamp, "max", "up_max");
  copy(up.added, "value", "up_add");
  editor.replace(match.nodes[kProduct], std::move(fused));
}

}  // namespace

constinit const Patch kGateUpSwiglu{"gate_up_swiglu", Numerics::bit_exact, find, guard, rewrite};

}  // namespace fidelio
