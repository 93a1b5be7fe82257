// A whole validation in memory, with any patches and any kernel table on the patched side: where
// defects are planted.
#pragma once

#include <string>
#include <vector>

#include "capsules/verdict.h"
#include "patches/catalogue.h"
#include "validate/prompts.h"
#include "validate/record_context.h"
#include "validate/side_by_side.h"

namespace fidelio::testing {

/// Few short runs: verdicts about fidelity need no more.
inline RunOptions short_options() {
  RunOptions options;
  options.runs = 2;
  options.max_tokens = 24;
  options.threads = 1;
  options.widths = {1, 2, 7};
  options.ignore_eos = true;
  for (std::int32_t i = 0; i < 40; ++i) options.prompt_ids.push_back((5 * i + 1) % 250);
  return options;
}

/// The record with its verdict.
inline Record validate_with(const LoadedModel& model, const RunOptions& options,
                            const std::vector<const Patch*>& patches,
                            const KernelTable& patched_kernels,
                            const KernelTable& baseline_kernels = kernels_for()) {
  Record record =
      make_record(model, options, patches, baseline_kernels.target, read_prompts(model, options));
  Progress silent(1, false);
  SideBySide session(model, options, {patches, baseline_kernels, patched_kernels}, record, silent,
                     [] {});
  session.run();
  record.verdict = judge(record);
  return record;
}

}  // namespace fidelio::testing
