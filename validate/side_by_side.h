// The validation itself: two arms on one model. Free warm-up runs, the examination of fidelity
// (validate/fidelity/examination.h), then timed pairs (validate/timed_pairs.h). Everything seen
// goes into the record; what it means is capsules/verdict.h.
#pragma once

#include <functional>
#include <vector>

#include "capsules/record.h"
#include "validate/arm.h"
#include "validate/fidelity/examination.h"
#include "validate/progress.h"
#include "validate/run_options.h"
#include "validate/timed_pairs.h"

namespace fidelio {

/// The two sides may run different kernel tables: that is how a defective kernel is planted in
/// tests.
struct Sides {
  std::vector<const Patch*> patches;
  const KernelTable& baseline_kernels;
  const KernelTable& patched_kernels;
  LeftToBaseline left = {};  ///< of the patched arm
};

/// The longest context and the widest step that a run of these options takes on these prompts.
ArmLimits limits_for(const RunOptions& options, const std::vector<PromptRecord>& prompts);

class SideBySide {
 public:
  /// `record` has its context and its prompts already (validate/record_context.h). `save` is called
  /// after every pair with the record so far.
  SideBySide(const LoadedModel& model, const RunOptions& options, const Sides& sides,
             Record& record, Progress& progress, std::function<void()> save);

  /// Everything in this process: begin(), then options.runs pairs; the record is then complete.
  /// When interrupted, this as the functions below keep every finished run, leave the record marked
  /// incomplete, and Interrupted goes on.
  void run();

  /// The warm-up runs and the comparisons: everything that fidelity is judged by.
  void begin();

  /// Instead of begin(), for a record that another process began: `launch` is added to it, and both
  /// arms are warmed up again, which also shows whether a fresh process says the same.
  void join(LaunchRecord launch);

  /// `n` more pairs of every prompt.
  void time_pairs(std::int64_t n);

  /// begin() alone, as a complete record.
  void examine();

  /// Steps of progress that run() will report.
  static std::int64_t work(const RunOptions& options, std::size_t n_prompts);

 private:
  void warm_up(std::int64_t prompt);
  void keep_when_interrupted(const std::function<void()>& action);
  void record_plans();

  const LoadedModel& model_;
  const RunOptions& options_;
  Record& record_;
  Progress& progress_;
  std::function<void()> save_;
  ThreadTeam team_;
  const KernelTable& baseline_kernels_;
  RopeTable rope_;
  Arm baseline_;
  Arm patched_;
  TimedPairs pairs_;
  bool joined_ = false;
  std::vector<PatchRecord> inherited_patches_;  ///< as the processes before left them
  std::vector<PlanRecord> inherited_plans_;
};

}  // namespace fidelio
