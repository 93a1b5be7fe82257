#include "core/truth/truth_routing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/truth/truth_elementwise.h"

namespace fidelio {

template <class T>
Rows<T> truth_softmax(Rows<T> x) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    T* row = x.row(r);
    const T max = *std::max_element(row, row + x.width);
    T sum = 0;
    for (std::size_t i = 0; i < x.width; ++i) sum += row[i] = std::exp(row[i] - max);
    for (std::size_t i = 0; i < x.width; ++i) row[i] /= sum;
  }
  return x;
}

template <class T>
Rows<T> truth_normalize(Rows<T> x, double eps) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const T sum = std::accumulate(x.row(r), x.row(r) + x.width, T{0}) + static_cast<T>(eps);
    for (std::size_t i = 0; i < x.width; ++i) x.row(r)[i] /= sum;
  }
  return x;
}

template <class T>
std::pair<Rows<T>, Rows<T>> truth_top_k(const Rows<T>& x, std::size_t k) {
  Rows<T> values = zero_rows<T>(x.rows, k);
  Rows<T> ids{x.rows, k, {}, std::vector<std::int32_t>(x.rows * k)};
  std::vector<std::int32_t> order(x.width);
  for (std::size_t r = 0; r < x.rows; ++r) {
    std::iota(order.begin(), order.end(), 0);
    const T* row = x.row(r);
    std::stable_sort(order.begin(), order.end(),
                     [row](std::int32_t a, std::int32_t b) { return row[a] > row[b]; });
    for (std::size_t i = 0; i < k; ++i) {
      ids.ids[r * k + i] = order[i];
      values.row(r)[i] = row[order[i]];
    }
  }
  return {std::move(values), std::move(ids)};
}

template <class T>
Rows<T> truth_take(const Rows<T>& x, const Rows<T>& ids) {
  Rows<T> y = zero_rows<T>(ids.rows, ids.width);
  for (std::size_t i = 0; i < ids.ids.size(); ++i) y.x[i] = x.row(i / ids.width)[ids.ids[i]];
  return y;
}

namespace {

/// Scores that experts are chosen by.
template <class T>
Rows<T> selection_scores(const Rows<T>& logits, const TruthRouter& router) {
  if (router.order == RouterOrder::topk_softmax) return logits;
  if (router.order == RouterOrder::softmax_topk) return truth_softmax(logits);
  Rows<T> scores = truth_sigmoid(logits);
  for (std::size_t i = 0; i < scores.x.size() && !router.selection_bias.empty(); ++i)
    scores.x[i] += static_cast<T>(router.selection_bias[i % scores.width]);
  return scores;
}

}  // namespace

template <class T>
std::vector<Rows<T>> truth_route(const Rows<T>& logits, const TruthRouter& router) {
  auto [weights, ids] = truth_top_k(selection_scores(logits, router), router.k);
  if (router.order == RouterOrder::topk_softmax) weights = truth_softmax(std::move(weights));
  if (router.order == RouterOrder::sigmoid_topk) weights = truth_take(truth_sigmoid(logits), ids);
  if (router.normalize) weights = truth_normalize(std::move(weights), router.eps);
  return {truth_mul_scalar(std::move(weights), router.factor), std::move(ids)};
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define FIDELIO_TRUTH_ROUTING(T)                                                 \
  template Rows<T> truth_softmax(Rows<T>);                                       \
  template Rows<T> truth_normalize(Rows<T>, double);                             \
  template std::pair<Rows<T>, Rows<T>> truth_top_k(const Rows<T>&, std::size_t); \
  template Rows<T> truth_take(const Rows<T>&, const Rows<T>&);                   \
  template std::vector<Rows<T>> truth_route(const Rows<T>&, const TruthRouter&);
// NOLINTEND(bugprone-macro-parentheses)

FIDELIO_TRUTH_ROUTING(double)
FIDELIO_TRUTH_ROUTING(float)

}  // namespace fidelio
