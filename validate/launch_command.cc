// validate launch: a fresh process of a run that goes on. It adds its pairs to the run's capsule,
// which is whole after each of them, and prints nothing.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "capsules/atomic_file.h"
#include "capsules/exit_code.h"
#include "capsules/json.h"
#include "capsules/verdict.h"
#include "core/user_error.h"
#include "validate/commands.h"
#include "validate/fresh_process.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/recorded_options.h"
#include "validate/side_by_side.h"

namespace fidelio {
namespace {

void save(Record& record, const std::filesystem::path& path) {
  record.verdict = judge(record);
  write_file_atomically(path, to_json(record));
}

void require_begun(const Record& record, const std::filesystem::path& capsule) {
  if (!record.complete && !record.launches.empty() &&
      record.generations.size() == record.prompts.size())
    return;
  throw UserError(
      fmt::format("{}: found no run that is under way, expected one with all its "
                  "comparisons and its launches",
                  capsule.string()));
}

}  // namespace

int launch_command(const LaunchOptions& options) {
  end_with_parent();
  const InterruptGuard interrupts;
  Record record = read_capsule(options.capsule);
  require_begun(record, options.capsule);
  const RunOptions run = recorded_options(record);
  const std::vector<const Patch*> patches = recorded_patches(record);
  const KernelTable kernels = kernels_named(run.target);

  LaunchRecord launch{options.purpose,
                      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))), 0};
  const auto start = std::chrono::steady_clock::now();
  const auto model = load_model(options.model, parse_load_mode(options.load), options.allow_swap);
  const auto loaded = std::chrono::steady_clock::now() - start;
  launch.load_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(loaded).count();
  require_recorded_model(*model, record.model);

  const auto n_prompts = static_cast<std::int64_t>(record.prompts.size());
  Progress progress(n_prompts * 2 * (1 + options.pairs), Progress::wanted());
  try {
    SideBySide session(*model, run, {patches, kernels, kernels}, record, progress,
                       [&] { save(record, options.capsule); });
    session.join(std::move(launch));
    session.time_pairs(options.pairs);
  } catch (const Interrupted&) {
    save(record, options.capsule);
    return kInterrupted;
  }
  return kPass;
}

}  // namespace fidelio
