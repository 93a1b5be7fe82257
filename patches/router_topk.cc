// Pattern:  top_k(softmax(x))            -> router_topk(x) {order=softmax_topk, normalize=0}
//           normalize(top_k(softmax(x))) -> router_topk(x) {order=softmax_topk, normalize=1}
//           softmax(top_k(x))            -> router_topk(x) {order=topk_softmax, normalize=0}
// Shapes:   x, the router logits [n_tokens, experts]; weights, ids [n_tokens, k]
// Numerics: bit_exact - the same softmax, selection and division, one row at a time.
// Source:   Qwen3-MoE and OLMoE (softmax_topk), Mixtral (topk_softmax).
#include <fmt/format.h>

#include "patches/catalogue.h"

namespace fidelio {

namespace {

// The nodes of a match. kBefore: softmax over all experts. kBehind: normalize, or softmax over the
// k.
enum Role : std::size_t { kBefore, kTopK, kBehind };

/// The first reader of `value` that is an `op`.
NodeId reader(const Graph& graph, ValueId value, Op op) {
  for (const NodeId id : graph.consumers(value)) {
    if (graph.node(id).op == op) return id;
  }
  return kNoNode;
}

std::optional<Match> find(const Graph& graph, NodeId root) {
  const Node& top_k = graph.node(root);
  if (top_k.op != Op::top_k) return std::nullopt;
  const NodeId producer = graph.producer(top_k.inputs[0]);
  const NodeId before = graph.node(producer).op == Op::softmax ? producer : kNoNode;
  const NodeId behind =
      reader(graph, top_k.outputs[0], before == kNoNode ? Op::softmax : Op::normalize);
  const ValueId weights = behind == kNoNode ? top_k.outputs[0] : graph.node(behind).outputs[0];
  return Match{{before, root, behind}, weights};
}

Decision guard(const Graph& graph, const Match& match, const PatchEnv&) {
  const Node& top_k = graph.node(match.nodes[kTopK]);
  const NodeId before = match.nodes[kBefore];
  const NodeId behind = match.nodes[kBehind];
  if (before == kNoNode && behind == kNoNode) {
    return refuse(Reason::no_softmax, fmt::format("neither {} nor {} is a softmax's",
                                                  value_text(graph, top_k.inputs[0]),
                                                  value_text(graph, top_k.outputs[0])));
  }
  if (before != kNoNode) {
    Decision kept = check_vanishes(graph, top_k.inputs[0], match.nodes[kTopK]);
    if (!kept.admitted()) return kept;
  }
  return behind == kNoNode ? admit() : check_vanishes(graph, top_k.outputs[0], behind);
}

void rewrite(GraphEditor& editor, const Match& match) {
  const Graph& graph = editor.graph();
  const Node& top_k = graph.node(match.nodes[kTopK]);
  const NodeId before = match.nodes[kBefore];
  const NodeId behind = match.nodes[kBehind];
  const bool softmax_first = before != kNoNode;
  const std::int64_t normalize = softmax_first && behind != kNoNode ? 1 : 0;
  Node fused;
  fused.op = Op::router_topk;
  fused.inputs = softmax_first ? graph.node(before).inputs : top_k.inputs;
  fused.outputs = {match.result, top_k.outputs[1]};
  fused.attributes = {{"k", top_k.integer("k")},
                      {"order", std::string(softmax_first ? "softmax_topk" : "topk_softmax")},
                      {"normalize", normalize}};
  if (behind != kNoNode) editor.erase(behind);
  editor.replace(match.nodes[kTopK], std::move(fused));
}

}  // namespace

constinit const Patch kRouterTopk{"router_topk", Numerics::bit_exact, find, guard, rewrite};

}  // namespace fidelio
