// validate run: the main job from options to capsule, report and exit code.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "capsules/atomic_file.h"
#include "capsules/exit_code.h"
#include "capsules/json.h"
#include "capsules/report.h"
#include "capsules/verdict.h"
#include "core/user_error.h"
#include "patches/catalogue.h"
#include "validate/commands.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/prompts.h"
#include "validate/record_context.h"
#include "validate/run_memory.h"
#include "validate/side_by_side.h"

namespace fidelio {
namespace {

/// A hub id's slash makes no folder.
std::filesystem::path default_capsule(std::string model_id) {
  std::replace(model_id.begin(), model_id.end(), '/', '-');
  return fmt::format("fidelio-{}-{:%Y%m%d-%H%M%S}.json", model_id, fmt::gmtime(std::time(nullptr)));
}

void save(Record& record, const std::filesystem::path& path) {
  record.verdict = judge(record);
  write_file_atomically(path, to_json(record));
}

void print(const Record& record, const RunOptions& options, const std::filesystem::path& capsule) {
  if (options.json) {
    std::fputs(to_json(record).c_str(), stdout);
    return;
  }
  std::string text = text_report({record}, isatty(STDOUT_FILENO) == 1);
  if (!text.empty() && text.back() == '\n') text.pop_back();
  fmt::print("{} Capsule: {}\n", text, capsule.string());
}

}  // namespace

int run_command(const RunOptions& options) {
  check_run_options(options);
  const std::vector<const Patch*> patches = parse_patch_list(options.patches);
  const KernelTable kernels = kernels_named(options.target);
  if (options.capsule) check_writable(*options.capsule);

  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<const LoadedModel> model =
      load_model(options.model, parse_load_mode(options.load), options.allow_swap);
  const auto loaded = std::chrono::steady_clock::now() - start;
  std::vector<PromptRecord> prompts = read_prompts(*model, options);
  require_memory_for_run(*model, options, patches, prompts);
  const std::filesystem::path capsule = options.capsule.value_or(default_capsule(model->id));
  check_writable(capsule);

  Record record = make_record(*model, options, patches, kernels.target, std::move(prompts));
  record.load_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(loaded).count();
  Progress progress(SideBySide::work(options, record.prompts.size()), Progress::wanted());
  const InterruptGuard interrupts;
  try {
    SideBySide session(*model, options, {patches, kernels, kernels}, record, progress,
                       [&] { save(record, capsule); });
    session.run();
  } catch (const Interrupted&) {
    progress.clear();
    fmt::print(stderr, "interrupted: the finished pairs are kept in {}\n", capsule.string());
  }
  progress.clear();
  save(record, capsule);
  print(record, options, capsule);
  return static_cast<int>(record.verdict.exit_code);
}

}  // namespace fidelio
