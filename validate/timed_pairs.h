// Timed runs of two arms in interleaved pairs AB, BA, AB, ..., one record entry a run with what the
// system says about it. Which pairs are wanted, and in which process, is validate/launches.h; what
// they mean is capsules/timing.h.
#pragma once

#include <cstdint>
#include <functional>

#include "capsules/record.h"
#include "validate/arm.h"
#include "validate/generate.h"
#include "validate/progress.h"
#include "validate/run_options.h"

namespace fidelio {

/// Pairs of which every prompt has both runs, in launches of that purpose (a record without
/// launches has measured).
std::int64_t finished_pairs(const Record& record, const std::string& purpose = "measure");

class TimedPairs {
 public:
  /// Everything passed by reference must outlive the object. The arms are named "baseline" and
  /// "patched" and share `team`; runs are appended to `record`.
  TimedPairs(const LoadedModel& model, const RunOptions& options, Arm& baseline, Arm& patched,
             ThreadTeam& team, Record& record, Progress& progress);

  /// Index into Record::launches that runs carry from now on; 0 without this call.
  void set_launch(std::int64_t launch) { launch_ = launch; }

  /// A free, discarded run, recorded as pair -1. Throws Interrupted.
  Generation warm_up(Arm& arm, std::int64_t prompt);

  /// `n` pairs of every prompt, numbered on from the record's last one. `finished` is called after
  /// each pair of each prompt. Interrupted keeps the finished pairs and drops half a one. Needs the
  /// record's generations: where the arms chose different ids both are fed the baseline's.
  void time(std::int64_t n, const std::function<void()>& finished);

 private:
  void time_pair(std::int64_t pair, std::int64_t prompt);
  GenerateOptions generate_options(std::int64_t pair, std::int64_t prompt) const;
  Generation timed_run(Arm& arm, std::int64_t pair, std::int64_t prompt);

  const LoadedModel& model_;
  const RunOptions& options_;
  Arm& baseline_;
  Arm& patched_;
  ThreadTeam& team_;
  Record& record_;
  Progress& progress_;
  std::int64_t launch_ = 0;
};

}  // namespace fidelio
