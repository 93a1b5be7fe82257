// One node of a plan as one call of a kernel: pointers and shapes from the plan, arithmetic from
// the kernel table.
#pragma once

#include <span>

#include "core/cache.h"
#include "core/plan.h"
#include "kernels/table.h"

namespace fidelio {

/// Everything a node may read or write in one step.
struct StepMemory {
  float* values = nullptr;       ///< per-token region, then per-wanted-row region
  float* wanted_rows = nullptr;  ///< begin of the latter
  std::span<const std::int32_t> ids;
  const std::int32_t* positions = nullptr;
  std::size_t n_tokens = 0;
  std::size_t n_wanted = 0;
  Cache* cache = nullptr;

  float* floats(const PlanValue& value) const;
  std::int32_t* integers(const PlanValue& value) const;
  /// Rows of a value in this step.
  std::size_t rows(const PlanValue& value) const;
};

/// Sees a step node by node, on one thread while the others wait, and may change what the node
/// left.
class NodeObserver {
 public:
  virtual ~NodeObserver() = default;
  virtual void before(const PlanNode& /*node*/, const StepMemory& /*memory*/) {}
  virtual void after(const PlanNode& node, const StepMemory& memory) = 0;
};

/// Does `share` of the node's work.
void run_node(const KernelTable& kernels, const PlanNode& node, const StepMemory& memory,
              Share share);

}  // namespace fidelio
