// A graph evaluated without kernels: in float64 from the exactly dequantised weights (Truth, the
// arbiter between two arms), or in float32 with one accumulator (Naive, the yardstick of how much
// an honest rounding may cost). Slow on purpose; it shares no arithmetic with the kernels. Which of
// its results are compared with what is validate's business.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/cache.h"
#include "core/graph.h"
#include "core/model_weights.h"
#include "core/truth/truth_attention.h"
#include "core/truth/truth_ops.h"
#include "core/truth/truth_values.h"

namespace fidelio {

template <class T>
class Evaluator {
 public:
  /// Called after every node with its results, which it may replace (to force a choice of experts).
  using AfterNode = std::function<void(NodeId node, std::vector<Rows<T>>& results)>;
  /// Called with each input of a node before it is read, and may change it (to round it).
  using BeforeInput = std::function<void(NodeId node, std::size_t input, Rows<T>& value)>;

  /// All must outlive the object. `rope` covers every position that will be fed. Fused nodes are
  /// evaluated as the unfused ops that they replace, so patched graphs are welcome.
  Evaluator(const Graph& graph, const ModelWeights& weights, const RopeTable& rope,
            ParallelFor parallel = {});

  void before_inputs(BeforeInput before) { before_ = std::move(before); }

  /// Feeds `ids` behind the positions that were fed before; returns the logits of the last n_wanted
  /// of them [n_wanted, vocab_size].
  Rows<T> step(std::span<const std::int32_t> ids, std::size_t n_wanted,
               const AfterNode& after = {});

  /// Steps of one token, each on its own: row r feeds ids[r] at positions[r] behind the keys and
  /// values that `cache` holds of the positions before it. Changes no state. Returns the logits
  /// [rows, vocab_size]. The rows share the work of decoding weights.
  Rows<T> steps_behind(Cache& cache, std::span<const std::int32_t> ids,
                       std::span<const std::size_t> positions, const AfterNode& after = {});

  /// Part of the graph: evaluates `nodes` in order on `values` (by ValueId), which holds what they
  /// read and receives what they make. Neither attention, convolutions nor
  /// a cache may be among them.
  void evaluate(std::span<const NodeId> nodes, std::vector<Rows<T>>& values);

  /// Positions fed so far.
  std::size_t position() const { return position_; }
  void reset();

 private:
  struct Step;
  void run(NodeId id, Step& step, const AfterNode& after);
  std::vector<Rows<T>> results_of(NodeId id, Step& step);
  std::vector<Rows<T>> dense(const Node& node, const std::vector<Rows<T>>& in, const Step& step);
  std::vector<Rows<T>> experts(const Node& node, const std::vector<Rows<T>>& in);
  std::vector<Rows<T>> cached(const Node& node, std::vector<Rows<T>> in, Step& step);
  template <class View>
  Rows<T> behind(const Step& step, std::size_t layer, View view,
                 const std::function<Rows<T>(const TruthContext<T>&)>& op);

  const Graph& graph_;
  const ModelWeights& weights_;
  const RopeTable& rope_;
  ParallelFor parallel_;
  BeforeInput before_;
  std::vector<CacheRows<T>> cache_;  ///< by layer
  std::size_t position_ = 0;
};

using Truth = Evaluator<double>;
using Naive = Evaluator<float>;

}  // namespace fidelio
