// Every op as plain loops in the order of the formula: no lanes, no vectors, no code shared with
// kernels/ but the reading of a weight's bits. In float64 this is truth; what truth must agree with
// is mathematics, not the contract. In float32 the same loops are the naive evaluation: one
// accumulator, left to right, no fused multiply-add.
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "core/graph.h"
#include "core/truth/truth_elementwise.h"
#include "core/truth/truth_routing.h"
#include "core/truth/truth_values.h"
#include "kernels/rope.h"
#include "kernels/weights.h"

namespace fidelio {

/// The value of w[row, col] without rounding: floats as they are, codes as scale * code + bias in
/// float64, which holds the product and all but the last bits of the sum exactly.
double exact_weight(const WeightView& w, std::size_t row, std::size_t col);

/// Row `row` of w: exact_weight in float64, the contract's float32 values in float32.
template <class T>
void decode_row(const WeightView& w, std::size_t row, std::vector<T>& out);

/// Splits [0, n) between threads and waits; the default runs it here.
using ParallelFor =
    std::function<void(std::size_t n, const std::function<void(std::size_t, std::size_t)>& body)>;

/// y[r][o] = sum over i of w[o][i] x[r][i].
template <class T>
Rows<T> truth_linear(const WeightView& w, const Rows<T>& x, const ParallelFor& parallel);
template <class T>
Rows<T> truth_embedding(const WeightView& w, std::span<const std::int32_t> ids);
template <class T>
Rows<T> truth_add(const Rows<T>& a, const Rows<T>& b);
template <class T>
Rows<T> truth_mul(const Rows<T>& a, const Rows<T>& b);
template <class T>
Rows<T> truth_add_bias(const Rows<T>& x, std::span<const float> bias);
/// As many norms of a row as weight.size() goes into it.
template <class T>
Rows<T> truth_rms_norm(const Rows<T>& x, std::span<const float> weight, double eps);
/// The table's float32 cosines and sines: they are inputs of the graph, the same for every
/// evaluation. One position a row.
template <class T>
Rows<T> truth_rope(const Rows<T>& x, const RopeTable& table, std::size_t heads, bool interleaved,
                   std::span<const std::size_t> positions);
/// x [tokens, in] shared by a token's experts or [tokens * k, in]; ids [tokens, k] -> [tokens * k,
/// out].
template <class T>
Rows<T> truth_gather_matmul(std::span<const WeightView> experts, const Rows<T>& x,
                            const Rows<T>& ids, const ParallelFor& parallel);
/// x [tokens * k, n] + the vector [n] of each slot's expert.
template <class T>
Rows<T> truth_add_expert_bias(Rows<T> x, std::span<const float> biases, const Rows<T>& ids);
/// x [tokens * k, hidden], weights [tokens, k] -> [tokens, hidden].
template <class T>
Rows<T> truth_combine(const Rows<T>& x, const Rows<T>& weights);

}  // namespace fidelio
