// validate replay: what a capsule says is run again on this machine and compared with it. What must
// agree and what may differ is capsules/replay.h.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "capsules/atomic_file.h"
#include "capsules/exit_code.h"
#include "capsules/json.h"
#include "capsules/replay.h"
#include "capsules/verdict.h"
#include "core/model_location.h"
#include "core/user_error.h"
#include "validate/commands.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/noise_store.h"
#include "validate/prompts.h"
#include "validate/record_context.h"
#include "validate/recorded_options.h"
#include "validate/run_memory.h"
#include "validate/side_by_side.h"

namespace fidelio {
namespace {

/// What the capsule asks for, as far as this machine has it; timed here and now, in one go.
RunOptions replay_run(const ReplayOptions& options, const Record& recorded) {
  RunOptions run = recorded_options(recorded);
  RunOptions here;
  run.threads = options.threads.value_or(std::min(run.threads, thread_count(here)));
  run.runs = options.runs.value_or(run.runs);
  run.load = options.load;
  run.allow_swap = options.allow_swap;
  run.looks = run.launches = 1;
  run.require_timing = run.confirm = false;
  if (options.model) run.model = *options.model;
  return run;
}

KernelTable replay_kernels(const ReplayOptions& options, const Record& recorded) {
  if (options.target) return kernels_named(*options.target);
  try {
    return kernels_for(recorded.hardware.vector_target);
  } catch (const std::invalid_argument&) {
    return kernels_for();  // another kind of machine: the baseline's bits are the same
  }
}

void require_model_is_here(const ReplayOptions& options, const Record& recorded,
                           const std::string& model) {
  if (options.model) return;
  try {
    (void)locate_model(model);
  } catch (const UserError& error) {
    throw UserError(
        fmt::format("{}: its model {} (weights xxh3 {}, {} bytes) was not found here; pass --model "
                    "with its directory, GGUF file, name or Hugging Face id.\n{}",
                    options.capsule.string(), recorded.model.id, recorded.model.weights_xxh3_128,
                    recorded.model.weights_bytes, error.what()));
  }
}

void require_something_to_replay(const ReplayOptions& options, const Record& recorded) {
  if (!recorded.prompts.empty()) return;
  throw UserError(fmt::format("{}: $.prompts: found none, expected at least one to run again",
                              options.capsule.string()));
}

bool inputs_agree(const std::vector<ReplayCheck>& inputs) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [](const ReplayCheck& check) { return check.outcome == "agrees"; });
}

/// Fills `replayed`, whose context and prompts are there.
void run_again(const LoadedModel& model, const RunOptions& run, const KernelTable& kernels,
               Record& replayed) {
  Progress progress(SideBySide::work(run, replayed.prompts.size()), Progress::wanted());
  const InterruptGuard interrupts;
  SideBySide session(model, run, {recorded_patches(replayed), kernels, kernels}, replayed, progress,
                     [] {});
  session.run();
  replayed.verdict = judge(replayed);
}

}  // namespace

int replay_command(const ReplayOptions& options) {
  const Record recorded = read_capsule(options.capsule);
  require_something_to_replay(options, recorded);
  const RunOptions run = replay_run(options, recorded);
  const KernelTable kernels = replay_kernels(options, recorded);
  if (options.new_capsule) check_writable(*options.new_capsule);
  require_model_is_here(options, recorded, run.model);
  const auto model = load_model(run.model, parse_load_mode(run.load), run.allow_swap);
  std::vector<PromptRecord> prompts = read_recorded_prompts(*model, run, recorded.prompts);
  const std::vector<const Patch*> patches = recorded_patches(recorded);
  require_memory_for_run(*model, run, patches, prompts);

  Record replayed = make_record(*model, run, patches, kernels.target, std::move(prompts));
  replayed.options.patches_by_name = recorded.options.patches_by_name;
  replayed.noise_floor = noise_floor_for(replayed, read_noise_store(noise_store_path()));
  ReplayResult result;
  result.inputs = compare_inputs(recorded, replayed);
  result.exit_code = kFidelity;
  if (inputs_agree(result.inputs)) {
    run_again(*model, run, kernels, replayed);
    if (options.new_capsule) write_file_atomically(*options.new_capsule, to_json(replayed));
    result = compare_replay(recorded, replayed);
  }
  fmt::print("{}", options.json ? replay_json(result) : replay_text(result));
  return result.exit_code;
}

}  // namespace fidelio
