// Pattern:  mul(silu(gather_matmul(Wg, x, ids)), gather_matmul(Wu, x, ids))
//             -> gate_up_swiglu(Wg, Wu, x, ids)
//           The factors stand in either order: their product has the same bits both ways.
// Shapes:   x [n_tokens, hidden]; ids [n_tokens, top_k]; Wg, Wu [experts, inter, hidden];
//           out [n_tokens, top_k, inter]
// Numerics: bit_exact - every dot product keeps its lanes and order; silu and the product are the
//           baseline's.
// Source:   Shazeer 2020, GLU Variants Improve Transformer.
#include <fmt/format.h>

#include "patches/catalogue.h"
#include "patches/rounded_projection.h"

namespace fidelio {

namespace {

// The nodes of a match. kActivation is kNoNode where nothing stands between gate_proj and product.
enum Role : std::size_t { kGate, kUp, kActivation, kProduct };

/// The projection that makes `value`, itself or under its bias; kNoNode for another op.
NodeId projection_of(const Graph& graph, ValueId value) {
  NodeId id = graph.producer(value);
  if (graph.node(id).op == Op::add_bias) id = graph.producer(graph.node(id).inputs[0]);
  const Op op = graph.node(id).op;
  const bool reads_rows = op == Op::gather_matmul || op == Op::linear || is_rounded_projection(op);
  return reads_rows ? id : kNoNode;
}

/// A factor of the product: a projection, with at most one op behind it.
struct Factor {
  NodeId projection = kNoNode;
  NodeId activation = kNoNode;
};

std::optional<Factor> trace(const Graph& graph, ValueId value) {
  if (const NodeId itself = projection_of(graph, value); itself != kNoNode) {
    return Factor{itself, kNoNode};
  }
  const NodeId last = graph.producer(value);
  const Node& node = graph.node(last);
  if (node.inputs.size() != 1 || !node.params.empty()) return std::nullopt;
  const NodeId before = projection_of(graph, node.inputs[0]);
  if (before == kNoNode) return std::nullopt;
  return Factor{before, last};
}

std::optional<Match> find(const Graph& graph, NodeId root) {
  const Node& product = graph.node(root);
  if (product.op != Op::mul) return std::nullopt;
  std::optional<Factor> gate = trace(graph, product.inputs[0]);
  std::optional<Factor> up = trace(graph, product.inputs[1]);
  if (!gate || !up) return std::nullopt;
  if (graph.node(gate->projection).op != graph.node(up->projection).op) return std::nullopt;
  if (gate->activation == kNoNode) std::swap(gate, up);
  const bool both = up->activation != kNoNode;
  const NodeId activation = both ? kNoNode : gate->activation;
  return Match{{gate->projection, up->projection, activation, root}, product.outputs[0]};
}

Decision guard(const Graph& graph, const Match& match, const PatchEnv&) {
  const Node& gate = graph.node(match.nodes[kGate]);
  const Node& up = graph.node(match.nodes[kUp]);
  const NodeId activation = match.nodes[kActivation];
  if (gate.op == Op::linear) {
    return refuse(Reason::dense_projections,
                  "the projections are linear, the fused kernel reads experts by id");
  }
  if (is_rounded_projection(gate.op)) return refuse_already_rounded(graph, gate);
  if (activation == kNoNode || graph.node(activation).op != Op::silu) {
    return refuse(Reason::activation_not_silu,
                  activation == kNoNode
                      ? "the product has no silu on exactly one side"
                      : fmt::format("the activation is {}", info(graph.node(activation).op).name));
  }
  if (gate.inputs[0] != up.inputs[0]) {
    return refuse(Reason::different_inputs,
                  fmt::format("gate_proj reads {}, up_proj {}", value_text(graph, gate.inputs[0]),
                              value_text(graph, up.inputs[0])));
  }
  if (gate.inputs[1] != up.inputs[1]) {
    return refuse(Reason::different_ids,
                  fmt::format("gate_proj reads {}, up_proj {}", value_text(graph, gate.inputs[1]),
                              value_text(graph, up.inputs[1])));
  }
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
  const NodeId product = match.nodes[kProduct];
  for (const auto& [value, reader] :
       {std::pair{gate.outputs[0], activation}, std::pair{up.outputs[0], product},
        std::pair{graph.node(activation).outputs[0], product}}) {
    if (Decision kept = check_vanishes(graph, value, reader); !kept.admitted()) return kept;
  }
  return admit();
}

void rewrite(GraphEditor& editor, const Match& match) {
  const Graph& graph = editor.graph();
  const Node& gate = graph.node(match.nodes[kGate]);
  const Node& up = graph.node(match.nodes[kUp]);
  Node fused;
  fused.op = Op::gate_up_swiglu;
  fused.params = {gate.params[0], up.params[0]};
  fused.inputs = gate.inputs;
  fused.outputs = {match.result};
  editor.replace(match.nodes[kProduct], std::move(fused));
}

}  // namespace

constinit const Patch kGateUpSwiglu{"gate_up_swiglu", Numerics::bit_exact, find, guard, rewrite};

}  // namespace fidelio
