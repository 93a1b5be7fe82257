// Pattern:  gather_matmul(W, x, ids) -> gather_matmul_int16(W, x, ids)
// Shapes:   x [n_tokens, in] or [n_tokens, top_k, in]; ids [n_tokens, top_k]; W [experts, out, in];
//           out [n_tokens, top_k, out]
// Numerics: approximate - x is rounded to int16 per 32 elements, scale amax/32767; the sum over
//           a block is exact, the weights are the checkpoint's own.
// Source:   block-wise quantised activations, as ggml multiplies quantised weights (Q8_0).
#include "patches/catalogue.h"
#include "patches/rounded_projection.h"

namespace fidelio {

namespace {

std::optional<Match> find(const Graph& graph, NodeId root) {
  return find_projection(graph, root, Op::gather_matmul_int16);
}

void rewrite(GraphEditor& editor, const Match& match) {
  round_projection(editor, match, Op::gather_matmul_int16);
}

constexpr RoundingPoint kRounding[] = {{"x", Rounding::int16_per_32}};

}  // namespace

constinit const Patch kGatherMatmulInt16{
    "gather_matmul_int16", Numerics::approximate, find, guard_projection, rewrite, {}, kRounding};

}  // namespace fidelio
