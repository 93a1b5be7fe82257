// Pattern:  combine(gather_matmul(Wd, x, ids), weights) -> down_combine(Wd, x, ids, weights)
//           combine(add_expert_bias(b, gather_matmul(Wd, x, ids), ids), weights)
//             -> down_combine(Wd, b, x, ids, weights)
// Shapes:   x [n_tokens, top_k, inter]; ids, weights [n_tokens, top_k];
//           Wd [experts, hidden, inter];
//           out [n_tokens, hidden]
// Numerics: bit_exact - every dot product keeps its lanes and order; slots are summed in ascending
//           order.
// Source:   Shazeer et al. 2017, Outrageously Large Neural Networks, equation 2.
#include <fmt/format.h>

#include "patches/catalogue.h"
#include "patches/rounded_projection.h"

namespace fidelio {

namespace {

// The nodes of a match. kDown is whatever makes the combined rows, kBias what adds to them.
enum Role : std::size_t { kDown, kBias, kCombine };

std::optional<Match> find(const Graph& graph, NodeId root) {
  const Node& combine = graph.node(root);
  if (combine.op != Op::combine) return std::nullopt;
  NodeId down = graph.producer(combine.inputs[0]);
  NodeId bias = kNoNode;
  if (graph.node(down).op == Op::add_expert_bias) {
    bias = down;
    down = graph.producer(graph.node(bias).inputs[0]);
  }
  return Match{{down, bias, root}, combine.outputs[0]};
}

Decision guard(const Graph& graph, const Match& match, const PatchEnv&) {
  const Node& down = graph.node(match.nodes[kDown]);
  if (is_rounded_projection(down.op)) return refuse_already_rounded(graph, down);
  if (down.op != Op::gather_matmul) {
    return refuse(Reason::not_gather_matmul,
                  fmt::format("the combined rows are made by {}", info(down.op).name));
  }
  if (graph.value(down.inputs[0]).shape.size() != 3) {
    return refuse(Reason::unsupported_shape,
                  fmt::format("{} has one row for every token, expected one for every expert",
                              value_text(graph, down.inputs[0])));
  }
  const NodeId bias = match.nodes[kBias];
  if (bias == kNoNode) return check_vanishes(graph, down.outputs[0], match.nodes[kCombine]);
  const Node& add = graph.node(bias);
  if (add.inputs[1] != down.inputs[1]) {
    return refuse(Reason::different_ids,
                  fmt::format("down_proj reads {}, its biases {}",
                              value_text(graph, down.inputs[1]), value_text(graph, add.inputs[1])));
  }
  Decision kept = check_vanishes(graph, down.outputs[0], bias);
  return kept.admitted() ? check_vanishes(graph, add.outputs[0], match.nodes[kCombine]) : kept;
}

void rewrite(GraphEditor& editor, const Match& match) {
  const Graph& graph = editor.graph();
  const Node& down = graph.node(match.nodes[kDown]);
  Node fused;
  fused.op = Op::down_combine;
  fused.params = down.params;
  if (match.nodes[kBias] != kNoNode)
    fused.params.push_back(graph.node(match.nodes[kBias]).params[0]);
  fused.inputs = {down.inputs[0], down.inputs[1], graph.node(match.nodes[kCombine]).inputs[1]};
  fused.outputs = {match.result};
  editor.replace(match.nodes[kCombine], std::move(fused));
}

}  // namespace

constinit const Patch kDownCombine{"down_combine", Numerics::bit_exact, find, guard, rewrite};

}  // namespace fidelio
