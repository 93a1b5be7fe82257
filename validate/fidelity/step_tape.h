// Everything that one step of an arm computed, value by value, for the other arm to be compared
// with or to be fed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/graph.h"
#include "core/run_node.h"

namespace fidelio {

class StepTape : public NodeObserver {
 public:
  explicit StepTape(const Graph& graph) : graph_(graph), values_(graph.values().size()) {}

  void after(const PlanNode& node, const StepMemory& memory) override;

  const Graph& graph() const { return graph_; }
  /// [rows, width] of 4-byte elements; empty for ids, positions, caches, and rows not computed.
  std::span<const std::uint32_t> words(ValueId value) const { return at(value); }
  std::span<const float> floats(ValueId value) const;
  std::span<const std::int32_t> expert_ids(ValueId value) const;
  /// Elements of a row.
  std::size_t width(ValueId value) const;
  /// The cache that the step was run with.
  Cache& cache() const { return *cache_; }

 private:
  const std::vector<std::uint32_t>& at(ValueId value) const {
    return values_[static_cast<std::size_t>(value)];
  }

  const Graph& graph_;
  std::vector<std::vector<std::uint32_t>> values_;
  Cache* cache_ = nullptr;
};

}  // namespace fidelio
