// A graph made executable: parameters resolved, every value given a place in scratch memory,
// barriers placed. A plan is made for one set of admitted patches and serves every step width those
// patches admit. Running it is core/executor.h.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/graph.h"
#include "core/model_weights.h"
#include "kernels/fused/gate_up_swiglu.h"
#include "kernels/fused/router_topk.h"
#include "kernels/rope.h"

namespace fidelio {

/// Where a value lies: `offset` and `width` count 4-byte elements per row, rows being tokens or
/// wanted rows.
struct PlanValue {
  enum class Place : std::uint8_t { none, ids, positions, per_token, per_wanted_row };
  Place place = Place::none;
  std::size_t offset = 0;
  std::size_t width = 0;
  bool is_float = true;  ///< false: expert ids
};

/// A node with its parameters and attributes resolved; fields an op does not have stay empty.
struct PlanNode {
  Op op = Op::input;
  NodeId source = 0;  ///< the node in graph()
  int layer = -1;
  std::vector<PlanValue> inputs;
  std::vector<PlanValue> outputs;
  bool barrier_single = true;  ///< threads meet before this node when n_tokens is 1
  bool barrier_many = true;    ///< ... when there are more

  const WeightView* matrix = nullptr;
  const std::vector<WeightView>* experts = nullptr;
  const std::vector<WeightView>* second_experts = nullptr;  ///< up_proj
  const float* vector = nullptr;         ///< of a router or of attention: nullptr where it has none
  const float* second_vector = nullptr;  ///< up_proj's biases
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
  std::size_t part = 0;
  std::size_t parts = 1;
  std::size_t n_taps = 0;
  SwigluForm swiglu = {};
  const RopeTable* rope = nullptr;
  std::size_t top_k = 0;
  std::size_t heads = 0;        ///< heads or norm groups
  std::size_t layer_index = 0;  ///< of the cache
  std::size_t window = 0;       ///< sliding_window; 0: none
  float number = 0;             ///< eps, scale, value or alpha, whichever the op has
  float factor = 1;             ///< of a router
  RouterOrder order = RouterOrder::softmax_topk;
  bool normalize = false;
  bool interleaved = false;
};

class Plan {
 public:
  /// `weights` and `rope` must outlive the plan. A model's graph has exactly one output, the logits
  /// [wanted rows, vocab]; a part of one (core/fragment.h) has others, which only observers see.
  Plan(Graph graph, const ModelWeights& weights, const RopeTable& rope);

  const Graph& graph() const { return graph_; }
  const std::vector<PlanNode>& nodes() const { return nodes_; }
  const PlanValue& logits() const { return logits_; }
  /// Inputs besides ids and positions, in the order of the graph.
  const std::vector<PlanValue>& inputs() const { return inputs_; }

  /// Bytes of values and of `n_threads` workspaces for a step of n_tokens, one wanted row, contexts
  /// up to `capacity`.
  std::size_t scratch_bytes(std::size_t n_tokens, std::size_t n_threads,
                            std::size_t capacity) const;

  std::size_t value_floats(std::size_t n_tokens, std::size_t n_wanted) const {
    return per_token_ * n_tokens + per_wanted_row_ * n_wanted;
  }
  /// Bytes of one thread's workspace, the largest that any node needs; a multiple of 64.
  std::size_t workspace_bytes(std::size_t n_tokens, std::size_t capacity) const;

  /// Floats before the wanted rows' region of a step.
  std::size_t wanted_rows_begin(std::size_t n_tokens) const { return per_token_ * n_tokens; }

 private:
  void resolve(const Node& node, const ModelWeights& weights, const RopeTable& rope,
               PlanNode& out) const;

  Graph graph_;
  std::vector<PlanNode> nodes_;
  PlanValue logits_;
  std::vector<PlanValue> inputs_;
  std::size_t per_token_ = 0;
  std::size_t per_wanted_row_ = 0;
};

/// True for ops so small at one token that one thread does them alone.
bool runs_on_one_thread(Op op, std::size_t n_tokens);

}  // namespace fidelio
