// Every op in float64, as plain loops in the order of the formula: no lanes, no vectors, no code
// shared with kernels/ but the reading of a weight's bits. What truth must agree with is
// mathematics, not the contract.
#pragma once

#include <functional>
#include <span>

#include "core/graph.h"
#include "core/truth/truth_values.h"
#include "kernels/rope.h"
#include "kernels/weights.h"

namespace fidelio {

/// The value of w[row, col] without rounding: floats as they are, affine codes as scale * q + bias
/// in float64, which holds the product and all but the last bits of the sum exactly.
double exact_weight(const WeightView& w, std::size_t row, std::size_t col);

/// Splits [0, n) between threads and waits; the default runs it here.
using ParallelFor =
    std::function<void(std::size_t n, const std::function<void(std::size_t, std::size_t)>& body)>;

/// y[r][o] = sum over i of w[o][i] x[r][i].
TruthValue truth_linear(const WeightView& w, const TruthValue& x, const ParallelFor& parallel);
TruthValue truth_embedding(const WeightView& w, std::span<const std::int32_t> ids);
TruthValue truth_add(const TruthValue& a, const TruthValue& b);
TruthValue truth_mul(const TruthValue& a, const TruthValue& b);
TruthValue truth_add_bias(const TruthValue& x, std::span<const float> bias);
TruthValue truth_silu(TruthValue x);
/// `groups` norms of a row, each of weight.size() elements.
TruthValue truth_rms_norm(const TruthValue& x, std::span<const float> weight, double eps);
/// The table's float32 cosines and sines: they are inputs of the graph, the same for every
/// evaluation.
TruthValue truth_rope(const TruthValue& x, const RopeTable& table, std::size_t heads,
                      bool interleaved, std::size_t first_position);
TruthValue truth_softmax(TruthValue x);
TruthValue truth_normalize(TruthValue x);
/// Strongest first, ties to the lower id; values and ids of `width` k.
std::pair<TruthValue, TruthValue> truth_top_k(const TruthValue& x, std::size_t k);

struct TruthAttention {
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  double scale = 0;
  std::size_t window = 0;  ///< 0: none
};
/// q [rows, heads * head_dim] at positions first_position + row, over the cached positions.
TruthValue truth_attention(const TruthValue& q, const TruthCache::Layer& cache,
                           const TruthAttention& attention, std::size_t first_position);

/// x [tokens, in] shared by a token's experts or [tokens * k, in]; ids [tokens, k] -> [tokens * k,
/// out].
TruthValue truth_gather_matmul(std::span<const WeightView> experts, const TruthValue& x,
                               const TruthValue& ids, const ParallelFor& parallel);
/// x [tokens * k, hidden], weights [tokens, k] -> [tokens, hidden].
TruthValue truth_combine(const TruthValue& x, const TruthValue& weights);

}  // namespace fidelio
