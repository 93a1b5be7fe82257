// Pattern:  rms_norm(w, add(a, b)) -> add_rms_norm(w, a, b)
//           The sum stays a result, so the residual stream may go on reading it.
// Shapes:   a, b, sum, out [rows, n]; w [n]
// Numerics: bit_exact - the sum is rounded to float32 before it is squared, as the two ops do.
// Source:   pre-norm decoders; Zhang and Sennrich 2019, Root Mean Square Layer Normalization.
#include <fmt/format.h>

#include "patches/catalogue.h"

namespace fidelio {

namespace {

// The nodes of a match. kAdd is an add_rms_norm where an earlier site has taken the sum.
enum Role : std::size_t { kAdd, kNorm };

std::optional<Match> find(const Graph& graph, NodeId root) {
  const Node& norm = graph.node(root);
  if (norm.op != Op::rms_norm) return std::nullopt;
  const NodeId producer = graph.producer(norm.inputs[0]);
  const Node& sum = graph.node(producer);
  const bool fused_sum = sum.op == Op::add_rms_norm && sum.outputs[0] == norm.inputs[0];
  if (sum.op != Op::add && !fused_sum) return std::nullopt;
  return Match{{producer, root}, norm.outputs[0]};
}

Decision guard(const Graph& graph, const Match& match, const PatchEnv&) {
  const Node& sum = graph.node(match.nodes[kAdd]);
  const Node& norm = graph.node(match.nodes[kNorm]);
  if (norm.has("groups") && norm.integer("groups") != 1) {
    return refuse(Reason::grouped_norm,
                  fmt::format("{} norms each of {} groups", value_text(graph, norm.outputs[0]),
                              norm.integer("groups")));
  }
  if (sum.op != Op::add) {
    return refuse(Reason::overlapping_site, fmt::format("the sum is already fused with {}",
                                                        value_text(graph, sum.outputs[1])));
  }
  return admit();
}

void rewrite(GraphEditor& editor, const Match& match) {
  const Graph& graph = editor.graph();
  const Node& sum = graph.node(match.nodes[kAdd]);
  const Node& norm = graph.node(match.nodes[kNorm]);
  Node fused;
  fused.op = Op::add_rms_norm;
  fused.params = norm.params;
  fused.inputs = sum.inputs;
  fused.outputs = {sum.outputs[0], match.result};
  fused.attributes = {{"eps", norm.number("eps")}};
  fused.layer = norm.layer;  // a sum between layers counts to the layer that reads it
  editor.erase(match.nodes[kNorm]);
  editor.replace(match.nodes[kAdd], std::move(fused));
}

}  // namespace

constinit const Patch kAddRmsNorm{"add_rms_norm", Numerics::bit_exact, find, guard, rewrite};

}  // namespace fidelio
