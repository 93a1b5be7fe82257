// A graph evaluated in float64 from the exactly dequantised weights: the arbiter between two arms.
// Slow on purpose; it shares no arithmetic with the kernels. Which of its results are compared with
// what is validate's business.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/graph.h"
#include "core/model_weights.h"
#include "core/truth/truth_ops.h"
#include "core/truth/truth_values.h"

namespace fidelio {

class Truth {
 public:
  /// Called after every node with its results, which it may replace (to force a choice of experts).
  using AfterNode = std::function<void(NodeId node, std::vector<TruthValue>& results)>;

  /// All must outlive the object. `rope` covers every position that will be fed. Fused nodes are
  /// evaluated as the unfused ops that they replace, so patched graphs are welcome.
  Truth(const Graph& graph, const ModelWeights& weights, const RopeTable& rope,
        ParallelFor parallel = {});

  /// Feeds `ids` behind the positions that the cache holds; returns the logits of the last
  /// n_wanted of them [n_wanted, vocab_size].
  TruthValue step(std::span<const std::int32_t> ids, std::size_t n_wanted,
                  const AfterNode& after = {});

  /// Positions fed so far.
  std::size_t position() const { return position_; }
  void reset();

 private:
  struct Step;
  std::vector<TruthValue> evaluate(const Node& node, Step& step);
  std::vector<TruthValue> evaluate_experts(const Node& node, Step& step);
  void append(const Node& node, Step& step);

  const Graph& graph_;
  const ModelWeights& weights_;
  const RopeTable& rope_;
  ParallelFor parallel_;
  TruthCache cache_;
  std::size_t position_ = 0;
};

}  // namespace fidelio
