// What the patches made of the plans, as the record tells it: sites, refusals, calls, scratch
// memory, steps per width.
#pragma once

#include "capsules/record.h"
#include "validate/arm.h"
#include "validate/run_options.h"

namespace fidelio {

/// One entry a patch of the patched arm.
void fill_patches(const Arm& patched, Record& record);

/// One entry a step width that ran. Steps are counted over the patched arm's warm-up and timed
/// runs.
void fill_plans(Arm& baseline, const Arm& patched, std::size_t n_threads, const RunOptions& options,
                Record& record);

}  // namespace fidelio
