#include "tests/catalogue/reordering_run.h"

#include <algorithm>

#include "tests/catalogue/random_checkpoint.h"
#include "tests/catalogue/reordered_kernels.h"
#include "tests/catalogue/step_notes.h"
#include "tests/support/validation.h"

namespace fidelio::catalogue {
namespace {

const KernelTable& good() {
  static const KernelTable table = with_notes(kernels_for());
  return table;
}

RunOptions options_for(const LoadedModel& model) {
  RunOptions options = testing::short_options();
  options.runs = 1;
  options.threads = 1;  // the spy counts on it
  options.max_tokens = 48;
  options.widths = {1, 7};
  options.patches = "all";
  options.prompt_ids.clear();
  const auto vocab_size = static_cast<std::int32_t>(model.config().vocab_size);
  for (std::int32_t i = 0; i < 40; ++i) options.prompt_ids.push_back((5 * i + 1) % vocab_size);
  return options;
}

}  // namespace

bool ReorderingOutcome::right() const {
  const bool failed = verdict != "EXACT" && verdict != "TOKEN_EXACT" && verdict != "TIE_FLIP";
  if (is_defect) return verdict == "BROKEN" && exit_code == 1;
  return !failed;
}

bool runs_on(const Reordering& reordering, const std::string& folder, bool ties) {
  return ties ? reordering.tied_routers && RandomCheckpoint::can_tie(folder)
              : reordering.random_routers;
}

ReorderingOutcome run_reordering(const Reordering& reordering, const std::string& folder,
                                 std::uint32_t seed, bool ties) {
  const RandomCheckpoint checkpoint(folder, seed, ties);
  const LoadedModel& model = checkpoint.model();
  watch_model(model);
  forget_choices();
  const ReorderedKernels reordered(reordering, good());
  const KernelTable baseline = with_spy(good(), SpiedArm::baseline);
  const KernelTable patched = with_spy(reordered.kernels(), SpiedArm::patched);
  const Record record =
      testing::validate_with(model, options_for(model), reordered.patches(), patched, baseline);
  ReorderingOutcome out;
  out.name = reordering.name;
  out.model = folder;
  out.seed = seed;
  out.ties = ties;
  out.is_defect = reordering.is_defect();
  out.verdict = record.verdict.fidelity;
  out.sentence = record.verdict.sentence;
  out.exit_code = record.verdict.exit_code;
  const GenerationRecord& generation = record.generations.at(0);
  out.ids_unchanged = generation.baseline.ids == generation.patched.ids;
  for (const ComparisonRecord& c : record.comparisons)
    if (c.width == 1 && c.routing == "free") out.max_abs_err = c.max_abs_err;
  for (const RouteFlipRecord& flip : record.route_flips) out.route_flips += flip.count;
  out.spied = count_flips();
  out.misroutes = reordered.misroutes();
  return out;
}

}  // namespace fidelio::catalogue
