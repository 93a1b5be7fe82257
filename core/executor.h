// Runs plans: one step at a time, every node through the kernel table, all threads together. An
// executor owns scratch memory; the cache and the plan belong to the arm that calls it.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/aligned_vector.h"
#include "core/cache.h"
#include "core/plan.h"
#include "core/run_node.h"
#include "core/thread_team.h"
#include "kernels/table.h"

namespace fidelio {

/// A non-finite value or an impossible expert id in a node's result.
struct SiteFault {
  NodeId node = 0;  ///< in the plan's graph
  std::size_t count = 0;
  bool bad_expert_id = false;
};

struct StepInput {
  std::span<const std::int32_t> ids;  ///< [n_tokens], each inside the vocabulary
  std::int32_t first_position = 0;
  std::size_t n_wanted = 1;  ///< the last n_wanted tokens' logits; 0: none
  /// Of a graph that has inputs besides ids and positions: their rows of 4-byte elements, in the
  /// order of Plan::inputs().
  std::vector<std::span<const std::byte>> inputs = {};
};

class Executor {
 public:
  /// Both must outlive the executor. `max_tokens` bounds a step, `capacity` a context.
  Executor(const KernelTable& kernels, ThreadTeam& team, std::size_t max_tokens,
           std::size_t capacity);

  /// Runs one step. The logits [n_wanted, vocab] stay valid until the next call. An expert id
  /// outside the stack is replaced by 0 and reported by faults(): a kernel under test must not take
  /// the validator down.
  std::span<const float> run(const Plan& plan, const StepInput& step, Cache& cache);

  /// In checked mode every node's results and workspaces are filled with NaN before it runs, and
  /// its results are searched for non-finite values afterwards. Slower; not for timing.
  void set_checked(bool checked) { checked_ = checked; }

  /// Shown every node of the runs that follow; nullptr: nobody. Slower; not for timing.
  void set_observer(NodeObserver* observer) { observer_ = observer; }

  /// Nodes of the plan's graph whose results all stand here run on `other` kernels instead of the
  /// own. For tests of a suspicion; `other` must outlive the executor.
  void run_elsewhere(std::set<std::string> results, const KernelTable* other) {
    elsewhere_ = std::move(results);
    other_kernels_ = other;
  }

  /// What the last run found; impossible expert ids also outside checked mode.
  const std::vector<SiteFault>& faults() const { return faults_; }

 private:
  void prepare(const Plan& plan, const StepInput& step);
  void fill_inputs(const Plan& plan, const StepInput& step);
  const KernelTable& kernels_of(const Plan& plan, const PlanNode& node) const;
  void run_nodes(const Plan& plan, const StepInput& step, Cache& cache, std::size_t thread);
  /// Before a checked node: its results and a thread's workspace become NaN, so that a kernel which
  /// reads what it never wrote shows.
  void poison(const PlanNode& node, const StepMemory& memory, std::byte* workspace,
              bool outputs) const;
  void inspect(const PlanNode& node, std::size_t n_tokens, std::size_t n_wanted, const Plan& plan);

  const KernelTable& kernels_;
  ThreadTeam& team_;
  std::size_t max_tokens_;
  std::size_t capacity_;
  bool checked_ = false;
  NodeObserver* observer_ = nullptr;
  std::set<std::string> elsewhere_;
  const KernelTable* other_kernels_ = nullptr;
  AlignedVector<float> values_;
  AlignedVector<std::byte> workspace_;
  std::size_t workspace_stride_ = 0;
  std::vector<std::int32_t> positions_;
  std::vector<SiteFault> faults_;
};

}  // namespace fidelio
