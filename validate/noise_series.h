// The baseline against itself, again and again: what this machine makes of no difference at all.
// Each series is what a validation would measure, with arms of its own. Keeping the result is
// validate/noise_store.h.
#pragma once

#include <cstdint>
#include <vector>

#include "capsules/record.h"
#include "capsules/timing.h"
#include "kernels/table.h"
#include "validate/loaded_model.h"
#include "validate/progress.h"
#include "validate/run_options.h"

namespace fidelio {

/// One series: its record (prompts, runs, probes; both arms are the baseline) and its estimates.
struct NoiseSeries {
  Record record;
  double decode = 0;  ///< Hodges and Lehmann's estimate of ln(second arm's tok/s / first's)
  double prefill = 0;
};

/// Measures `n_series` series of options.runs pairs on the prompts of `context`, a record with
/// everything but runs. Throws Interrupted, and UserError where the baseline does not say the same
/// twice.
std::vector<NoiseSeries> measure_noise(const LoadedModel& model, const RunOptions& options,
                                       const KernelTable& kernels, const Record& context,
                                       std::int64_t n_series, Progress& progress);

/// The 95th percentile of |estimate| of each phase, with where it is from.
NoiseFloorRecord noise_floor_of(const std::vector<NoiseSeries>& series);

}  // namespace fidelio
