// Everything that is compared between two arms, in order: logits free and routed at every width,
// sites on the baseline's values, and the references that say what rounding may do. It fills the
// record; what it means is capsules/verdict.h.
#pragma once

#include <set>
#include <vector>

#include "capsules/record.h"
#include "validate/fidelity/references.h"
#include "validate/fidelity/site_pass.h"
#include "validate/progress.h"
#include "validate/run_options.h"

namespace fidelio {

class Examination {
 public:
  /// The record's generations hold what the baseline says to each prompt.
  Examination(const LoadedModel& model, const RunOptions& options, Arm& baseline, Arm& patched,
              const KernelTable& baseline_kernels, const RopeTable& rope, ThreadTeam& team,
              Record& record, Progress& progress);

  /// Throws Interrupted between steps.
  void run();

  /// Units of progress that run() reports.
  static std::int64_t work(const RunOptions& options, std::size_t n_prompts);

 private:
  void keep(Cache::Keep keep);
  LockstepInput input_of(std::size_t prompt, std::int64_t width) const;
  void compare(std::size_t prompt, std::int64_t width);
  void pass_sites(std::size_t prompt, std::int64_t width);
  void test_sites();
  void locate_failures(const ClassReference& reference);
  void measure_references();
  bool all_bit_exact() const;

  const LoadedModel& model_;
  const RunOptions& options_;
  Arm& baseline_;
  Arm& patched_;
  const KernelTable& baseline_kernels_;
  const RopeTable& rope_;
  ThreadTeam& team_;
  Record& record_;
  Progress& progress_;
  SitePass sites_;
  std::vector<std::set<std::size_t>> disputed_;  ///< positions, by prompt
};

}  // namespace fidelio
