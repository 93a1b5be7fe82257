#include "patches/rounded_projection.h"

#include <fmt/format.h>

namespace fidelio {

bool is_rounded_projection(Op op) {
  return op == Op::gather_matmul_int8 || op == Op::gather_matmul_int16;
}

Decision refuse_already_rounded(const Graph& graph, const Node& projection) {
  return refuse(Reason::already_rounded,
                fmt::format("{} is made by {}", value_text(graph, projection.outputs[0]),
                            info(projection.op).name));
}

std::optional<Match> find_projection(const Graph& graph, NodeId root, Op rounded) {
  const Node& node = graph.node(root);
  // Another rounding's projection is a near miss; one's own is the work done.
  const bool other = is_rounded_projection(node.op) && node.op != rounded;
  if (node.op != Op::gather_matmul && !other) return std::nullopt;
  return Match{{root}, node.outputs[0]};
}

Decision guard_projection(const Graph& graph, const Match& match, const PatchEnv&) {
  const Node& projection = graph.node(match.nodes[0]);
  return projection.op == Op::gather_matmul ? admit() : refuse_already_rounded(graph, projection);
}

void round_projection(GraphEditor& editor, const Match& match, Op rounded) {
  Node node = editor.graph().node(match.nodes[0]);
  node.op = rounded;
  editor.replace(match.nodes[0], std::move(node));
}

}  // namespace fidelio
