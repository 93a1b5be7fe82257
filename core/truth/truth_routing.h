// How a router chooses experts and weighs them, as plain loops (core/truth/truth_ops.h says how and
// why).
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "core/truth/truth_values.h"
#include "kernels/fused/router_topk.h"

namespace fidelio {

template <class T>
Rows<T> truth_softmax(Rows<T> x);
/// x / (sum of its row + eps).
template <class T>
Rows<T> truth_normalize(Rows<T> x, double eps = 0);
/// Strongest first, ties to the lower id; values and ids of `width` k.
template <class T>
std::pair<Rows<T>, Rows<T>> truth_top_k(const Rows<T>& x, std::size_t k);
/// The values of each row at its ids.
template <class T>
Rows<T> truth_take(const Rows<T>& x, const Rows<T>& ids);

/// What the fused router replaces.
struct TruthRouter {
  std::size_t k = 1;
  RouterOrder order = RouterOrder::softmax_topk;
  bool normalize = false;
  double eps = 0;
  double factor = 1;
  std::span<const float> selection_bias = {};
};

/// Weights and ids.
template <class T>
std::vector<Rows<T>> truth_route(const Rows<T>& logits, const TruthRouter& router);

}  // namespace fidelio
