#include "validate/run_command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <numeric>
#include <string_view>

#include "core/prefill_chunks.h"
#include "core/user_error.h"
#include "validate/budget.h"
#include "validate/built_in_prompts.h"
#include "validate/shared_options.h"

namespace fidelio {
namespace {

constexpr std::int64_t kStressTokens = 2048;
constexpr std::int64_t kStressLengths[] = {256, 1024, 2048};
const std::string kStressHelp =
    "A matrix of prompts and lengths: --prompts builtin --max-tokens 2048 --runs 1 --ignore-eos "
    "--lengths 256,1024,2048, each unless given";

/// Every width that the guard admits, and the first that it does not.
std::vector<std::int64_t> all_widths() {
  std::vector<std::int64_t> widths(kGuardTokens + 1);
  std::iota(widths.begin(), widths.end(), 1);
  return widths;
}

std::int64_t parse_number(const char* flag, std::string_view text, const char* expected) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  throw UserError(fmt::format("{}: found \"{}\", expected {}", flag, text, expected));
}

/// "1,2,7"; the empty text is one empty item, and refused.
std::vector<std::int64_t> parse_numbers(const char* flag, const std::string& text,
                                        const char* expected) {
  std::vector<std::int64_t> numbers;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    numbers.push_back(
        parse_number(flag, std::string_view(text).substr(begin, comma - begin), expected));
    if (comma == text.size()) return numbers;
    begin = comma + 1;
  }
}

void add_prompts(CLI::App& run, RunOptions& options) {
  auto* prompt = run.add_option("--prompt", options.prompt, "Prompt text");
  auto* prompts = run.add_option(
      "--prompts", options.prompts_file,
      "File with one prompt a line, or builtin: five prompts of English, Chinese, code, "
      "mathematics and fiction");
  auto* ids = run.add_option("--prompt-ids", options.prompt_ids, "Prompt as token ids: 1,2,3")
                  ->delimiter(',');
  prompt->excludes(prompts)->excludes(ids);
  prompts->excludes(ids);
  run.add_option("--prompt-tokens", options.prompt_tokens,
                 "Repeat and cut each prompt to this length")
      ->check(CLI::Range(1, 1 << 24));
}

void add_execution(CLI::App& run, RunOptions& options) {
  run.add_option("--prefill-chunk", options.prefill_chunk, "Tokens of a prefill step at most")
      ->check(CLI::Range(1, 1 << 16));
  run.add_option("--threads", options.threads, "Threads (default: one for each processor)")
      ->check(CLI::Range(1, 1024));
  run.add_option("--target", options.target,
                 "Vector target: AVX3_DL, AVX3, AVX2, NEON or ref (default: the best)");
  add_load(run, options.load);
  add_allow_swap(run, options.allow_swap);
  run.add_option("--patches", options.patches,
                 "Profile (all, moe, none, int8, int16) or names, comma-separated")
      ->capture_default_str();
}

void add_fidelity(CLI::App& run, RunOptions& options) {
  run.add_option_function<std::string>(
         "--widths",
         [&](const std::string& text) {
           options.widths = text == "all"
                                ? all_widths()
                                : parse_numbers("--widths", text, "all, or numbers such as 1,2,7");
         },
         "Step widths of the teacher-forced comparisons, or all: every width from 1 to 33")
      ->default_str(fmt::format("{}", fmt::join(options.widths, ",")));
  run.add_option("--sampled-steps", options.sampled_steps,
                 "Steps of each prompt that are evaluated in float64, 0 to 4096")
      ->capture_default_str();
  run.add_option_function<std::string>(
      "--budget", [&](const std::string& text) { options.budget = parse_budget(text); },
      "What approximate patches may cost: mean_kld=X,kld_99.9=X,rms_dp=X,same_top_p=X");
  run.add_option_function<std::string>(
      "--lengths",
      [&](const std::string& text) {
        options.lengths = parse_numbers("--lengths", text, "numbers such as 256,1024,2048");
      },
      "Lengths at which the generated ids are compared, ascending: 256,1024,2048");
  run.add_flag("--stress", kStressHelp);
}

void add_measurement(CLI::App& run, RunOptions& options) {
  run.add_option("--runs", options.runs, "Timed pairs of runs for each prompt")
      ->capture_default_str();
  run.add_option("--max-tokens", options.max_tokens, "Tokens to generate in each run")
      ->capture_default_str();
  run.add_option("--launches", options.launches,
                 "Spread the pairs over this many processes, one after the other")
      ->capture_default_str();
  run.add_option("--looks", options.looks,
                 "2: where --runs pairs do not decide the timing, measure as many again")
      ->capture_default_str();
  run.add_flag("--confirm", options.confirm,
               "Measure a regression again in a fresh process (on with --require timing)");
}

void add_outcome(CLI::App& run, RunOptions& options) {
  run.add_flag("--ignore-eos", options.ignore_eos, "Generate --max-tokens whatever comes");
  run.add_option_function<std::string>(
         "--require", [&](const std::string&) { options.require_timing = options.confirm = true; },
         "timing: a regression that is confirmed, or an inconclusive timing, fails")
      ->check(CLI::IsMember({"timing"}));
  run.add_option("--capsule", options.capsule,
                 "Where the capsule goes (default: fidelio-MODEL-TIME.json)");
  run.add_flag("--json", options.json, "Print the capsule instead of the report");
}

/// Greedy decoding makes a shorter run the beginning of a longer one, so one run of the largest
/// length gives the whole matrix.
void fill_in_stress(const CLI::App& run, RunOptions& options) {
  if (run.count("--prompt") + run.count("--prompts") + run.count("--prompt-ids") == 0)
    options.prompts_file = kBuiltInSet;
  if (run.count("--max-tokens") == 0) options.max_tokens = kStressTokens;
  if (run.count("--runs") == 0) options.runs = 1;
  options.ignore_eos = true;
  if (run.count("--lengths") != 0) return;
  for (const std::int64_t length : kStressLengths) {
    const std::int64_t cut = std::min(length, options.max_tokens);
    if (options.lengths.empty() || options.lengths.back() < cut) options.lengths.push_back(cut);
  }
}

}  // namespace

void add_run_options(CLI::App& run, RunOptions& options, std::function<void()> then) {
  run.add_option("MODEL", options.model, kModelHelp)->required();
  add_measurement(run, options);
  add_prompts(run, options);
  add_execution(run, options);
  add_fidelity(run, options);
  add_outcome(run, options);
  run.callback([&run, &options, then = std::move(then)] {
    if (run.count("--stress") != 0) fill_in_stress(run, options);
    then();
  });
}

}  // namespace fidelio
