// Whether a run fits into memory, asked before it begins. The arithmetic is validate/memory_need.h.
#pragma once

#include <vector>

#include "capsules/record.h"
#include "patches/patch.h"
#include "validate/loaded_model.h"
#include "validate/memory_need.h"
#include "validate/run_options.h"

namespace fidelio {

/// What both arms of a run and its examination need.
MemoryNeed memory_of_run(const LoadedModel& model, const RunOptions& options,
                         const std::vector<const Patch*>& patches,
                         const std::vector<PromptRecord>& prompts);

/// Throws UserError with the arithmetic when the run does not fit, unless it is allowed to swap.
void require_memory_for_run(const LoadedModel& model, const RunOptions& options,
                            const std::vector<const Patch*>& patches,
                            const std::vector<PromptRecord>& prompts);

}  // namespace fidelio
