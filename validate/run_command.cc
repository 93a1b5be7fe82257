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
#include "validate/fresh_process.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/launches.h"
#include "validate/noise_store.h"
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

std::int64_t nanoseconds_since(std::chrono::steady_clock::time_point start) {
  const auto elapsed = std::chrono::steady_clock::now() - start;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
}

/// A run from its record's context to its last pair: what this process measures, and what it leaves
/// to fresh ones.
class Run {
 public:
  Run(const RunOptions& options, Record& record, std::unique_ptr<const LoadedModel> model,
      const KernelTable& kernels, std::filesystem::path capsule)
      : options_(options),
        record_(record),
        model_(std::move(model)),
        kernels_(kernels),
        capsule_(std::move(capsule)),
        progress_(SideBySide::work(options, record.prompts.size()), Progress::wanted()) {}

  /// Throws Interrupted; the record is then marked incomplete.
  void measure(const std::vector<const Patch*>& patches) {
    session_ = std::make_unique<SideBySide>(*model_, options_, Sides{patches, kernels_, kernels_},
                                            record_, progress_, [&] { save(record_, capsule_); });
    try {
      session_->begin();
      measure_all(record_, {[&](const Stage& stage) { session_->time_pairs(stage.pairs); },
                            [&](const Stage& stage) { measure_elsewhere(stage); }});
    } catch (const Interrupted&) {
      record_.interruption = "SIGINT";
      progress_.clear();
      throw;
    }
    progress_.clear();
  }

 private:
  void measure_elsewhere(const Stage& stage) {
    progress_.clear();
    session_.reset();  // its memory is the next process's
    model_.reset();
    if (record_.launches.empty())
      record_.launches.push_back({"measure", record_.created, record_.load_ns});
    save(record_, capsule_);
    std::vector<std::string> line = {"launch",
                                     "--capsule=" + capsule_.string(),
                                     "--model=" + options_.model,
                                     "--load=" + options_.load,
                                     "--purpose=" + stage.purpose,
                                     fmt::format("--pairs={}", stage.pairs)};
    if (options_.allow_swap) line.emplace_back("--allow-swap");
    const int status = run_fresh_process(line);
    record_ = read_capsule(capsule_);
    stop_if_interrupted();
    if (status == kInterrupted) throw Interrupted();
    if (status != 0) fail(status);
  }

  [[noreturn]] void fail(int status) {
    record_.interruption =
        fmt::format("a process for more pairs ended with exit status {}", status);
    save(record_, capsule_);
    throw UserError(fmt::format("{}; the finished pairs are kept in {}", record_.interruption,
                                capsule_.string()));
  }

  const RunOptions& options_;
  Record& record_;
  std::unique_ptr<const LoadedModel> model_;
  const KernelTable& kernels_;
  std::filesystem::path capsule_;
  Progress progress_;
  std::unique_ptr<SideBySide> session_;
};

}  // namespace

int run_command(const RunOptions& options) {
  check_run_options(options);
  const std::vector<const Patch*> patches = parse_patch_list(options.patches);
  const KernelTable kernels = kernels_named(options.target);
  if (options.capsule) check_writable(*options.capsule);

  const auto start = std::chrono::steady_clock::now();
  std::unique_ptr<const LoadedModel> model =
      load_model(options.model, parse_load_mode(options.load), options.allow_swap);
  const std::int64_t load_ns = nanoseconds_since(start);
  std::vector<PromptRecord> prompts = read_prompts(*model, options);
  require_memory_for_run(*model, options, patches, prompts);
  const std::filesystem::path capsule = options.capsule.value_or(default_capsule(model->id));
  check_writable(capsule);

  Record record = make_record(*model, options, patches, kernels.target, std::move(prompts));
  record.load_ns = load_ns;
  record.noise_floor = noise_floor_for(record, read_noise_store(noise_store_path()));
  if (options.launches > 1) record.launches.push_back({"measure", record.created, load_ns});
  const InterruptGuard interrupts;
  try {
    Run(options, record, std::move(model), kernels, capsule).measure(patches);
  } catch (const Interrupted&) {
    fmt::print(stderr, "interrupted: the finished pairs are kept in {}\n", capsule.string());
  }
  save(record, capsule);
  print(record, options, capsule);
  return static_cast<int>(record.verdict.exit_code);
}

}  // namespace fidelio
