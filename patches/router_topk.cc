// Pattern:  top_k(softmax(x))            -> router_topk(x) {order=softmax_topk, normalize=0}
//           normalize(top_k(softmax(x))) -> router_topk(x) {order=softmax_topk, normalize=1}
//           softmax(top_k(x))            -> router_topk(x) {order=topk_softmax, normalize=0}
//           top_k(sigmoid(x)), normalize(top_k(sigmoid(x))) -> ... {order=sigmoid_topk}
//           take(s, ids of top_k(add_bias(b, s))), s = sigmoid(x), and its normalize
//                                        -> router_topk(@b, x) {order=sigmoid_topk}
//           A mul_scalar behind any of them becomes {factor}.
// Shapes:   x, the router logits [n_tokens, experts]; weights, ids [n_tokens, k]
// Numerics: bit_exact - the same scores, selection and division, one row at a time.
// Source:   Qwen3-MoE and OLMoE (softmax_topk), Mixtral and gpt-oss (topk_softmax), LFM2-MoE
//           (sigmoid_topk).
#include <fmt/format.h>

#include "patches/catalogue.h"

namespace fidelio {

namespace {

// The nodes of a match. kScores: softmax or sigmoid over all experts. kBias: the selection bias.
// kTake: the unbiased scores of the chosen. kShare: normalize, or softmax over the k.
enum Role : std::size_t { kScores, kBias, kTopK, kTake, kShare, kFactor };

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
  NodeId scores = graph.producer(top_k.inputs[0]);
  NodeId bias = kNoNode;
  if (graph.node(scores).op == Op::add_bias) {
    bias = scores;
    scores = graph.producer(graph.node(bias).inputs[0]);
    if (graph.node(scores).op != Op::sigmoid) bias = kNoNode;  // the bias of the router itself
  }
  const Op op = graph.node(scores).op;
  const bool scored = op == Op::softmax || op == Op::sigmoid;
  if (!scored || (bias == kNoNode && graph.producer(top_k.inputs[0]) != scores)) scores = kNoNode;

  ValueId weights = top_k.outputs[0];
  const auto follow = [&](NodeId node) {
    if (node != kNoNode) weights = graph.node(node).outputs[0];
    return node;
  };
  const NodeId take = follow(bias == kNoNode ? kNoNode : reader(graph, top_k.outputs[1], Op::take));
  const NodeId share =
      follow(reader(graph, weights, scores == kNoNode ? Op::softmax : Op::normalize));
  const bool routes = scores != kNoNode || share != kNoNode;
  const NodeId factor = follow(routes ? reader(graph, weights, Op::mul_scalar) : kNoNode);
  return Match{{scores, bias, root, take, share, factor}, weights};
}

/// `value` is no result and read by no other node than these.
Decision check_read_by(const Graph& graph, ValueId value, NodeId first, NodeId second) {
  const std::vector<NodeId> readers = graph.consumers(value);
  const bool by_both = second != kNoNode && readers == std::vector{first, second};
  return by_both && !graph.is_output(value) ? admit() : check_vanishes(graph, value, first);
}

Decision check_scores(const Graph& graph, const Match& match) {
  const NodeId scores = match.nodes[kScores];
  const NodeId bias = match.nodes[kBias];
  const NodeId take = match.nodes[kTake];
  const ValueId value = graph.node(scores).outputs[0];
  if (bias == kNoNode) return check_vanishes(graph, value, match.nodes[kTopK]);
  if (take == kNoNode || graph.node(take).inputs[0] != value) {
    return refuse(Reason::biased_weights,
                  fmt::format("the weights are not {} at the chosen experts, without the bias",
                              value_text(graph, value)));
  }
  Decision kept = check_vanishes(graph, graph.node(bias).outputs[0], match.nodes[kTopK]);
  return kept.admitted() ? check_read_by(graph, value, bias, take) : kept;
}

Decision guard(const Graph& graph, const Match& match, const PatchEnv&) {
  const Node& top_k = graph.node(match.nodes[kTopK]);
  if (match.nodes[kScores] == kNoNode && match.nodes[kShare] == kNoNode) {
    return refuse(Reason::no_softmax, fmt::format("neither {} nor {} is a softmax's",
                                                  value_text(graph, top_k.inputs[0]),
                                                  value_text(graph, top_k.outputs[0])));
  }
  Decision decision = admit();
  if (match.nodes[kScores] != kNoNode) decision = check_scores(graph, match);
  ValueId weights = top_k.outputs[0];
  for (const Role role : {kTake, kShare, kFactor}) {
    const NodeId node = match.nodes[role];
    if (node == kNoNode || !decision.admitted()) continue;
    // take reads the ids; the biased scores at them are nobody's.
    if (role != kTake) decision = check_vanishes(graph, weights, node);
    weights = graph.node(node).outputs[0];
  }
  return decision;
}

std::string order_of(const Graph& graph, NodeId scores) {
  if (scores == kNoNode) return "topk_softmax";
  return graph.node(scores).op == Op::softmax ? "softmax_topk" : "sigmoid_topk";
}

void rewrite(GraphEditor& editor, const Match& match) {
  const Graph& graph = editor.graph();
  const Node& top_k = graph.node(match.nodes[kTopK]);
  const NodeId scores = match.nodes[kScores];
  const NodeId share = match.nodes[kShare];
  const NodeId factor = match.nodes[kFactor];
  const bool normalize = share != kNoNode && graph.node(share).op == Op::normalize;
  Node fused;
  fused.op = Op::router_topk;
  if (match.nodes[kBias] != kNoNode) fused.params = graph.node(match.nodes[kBias]).params;
  fused.inputs = scores == kNoNode ? top_k.inputs : graph.node(scores).inputs;
  fused.outputs = {match.result, top_k.outputs[1]};
  fused.attributes = {{"k", top_k.integer("k")},
                      {"order", order_of(graph, scores)},
                      {"normalize", std::int64_t{normalize}}};
  if (normalize && graph.node(share).has("eps"))
    fused.attributes.emplace_back("eps", graph.node(share).number("eps"));
  if (factor != kNoNode)
    fused.attributes.emplace_back("factor", graph.node(factor).number("value"));
  if (match.result != top_k.outputs[0]) editor.erase(graph.producer(match.result));
  editor.replace(match.nodes[kTopK], std::move(fused));
}

}  // namespace

constinit const Patch kRouterTopk{"router_topk", Numerics::bit_exact, find, guard, rewrite};

}  // namespace fidelio
