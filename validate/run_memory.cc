#include "validate/run_memory.h"

#include <algorithm>

#include "validate/available_memory.h"
#include "validate/fidelity/lockstep.h"
#include "validate/fidelity/references.h"
#include "validate/side_by_side.h"

namespace fidelio {

MemoryNeed memory_of_run(const LoadedModel& model, const RunOptions& options,
                         const std::vector<const Patch*>& patches,
                         const std::vector<PromptRecord>& prompts) {
  const ArmLimits limits = limits_for(options, prompts);
  MemoryUse use{2, limits.capacity, limits.max_step};
  use.wanted_rows =
      static_cast<std::size_t>(*std::max_element(options.widths.begin(), options.widths.end()));
  use.examines = true;
  const bool guarded = std::all_of(patches.begin(), patches.end(), [](const Patch* patch) {
    return patch->guard_range.max_n_tokens <= static_cast<std::int64_t>(kWatchedTokens);
  });
  use.watched_step = guarded ? std::min(limits.max_step, kWatchedTokens) : limits.max_step;
  const bool bit_exact = std::all_of(patches.begin(), patches.end(), [](const Patch* patch) {
    return patch->numerics == Numerics::bit_exact;
  });
  // A patch that changes bits is measured against float64, and its ties ask for so many rows.
  if (!bit_exact)
    use.reference_rows = std::max(kSigmaSteps, static_cast<std::size_t>(options.sampled_steps));
  return memory_need(model.checkpoint.tensors().total_bytes(), model.graph, use);
}

void require_memory_for_run(const LoadedModel& model, const RunOptions& options,
                            const std::vector<const Patch*>& patches,
                            const std::vector<PromptRecord>& prompts) {
  if (options.allow_swap) return;
  require_memory(model.id, memory_of_run(model, options, patches, prompts), available_memory());
}

}  // namespace fidelio
