// What `validate run` was asked for, checked as far as it can be without a model. Parsing is
// validate/run_command_line.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

struct RunOptions {
  std::string model;
  std::int64_t runs = 15;
  std::int64_t max_tokens = 1000;
  std::optional<std::string> prompt;
  std::optional<std::filesystem::path> prompts_file;  ///< or kBuiltInSet
  std::vector<std::int32_t> prompt_ids;
  std::int64_t prompt_tokens = 0;  ///< 0: as long as it is
  std::int64_t prefill_chunk = 0;  ///< 0: the default
  std::int64_t threads = 0;        ///< 0: one for each processor
  std::string target;              ///< vector target; empty: the best
  std::string patches = "all";     ///< a profile or names, comma-separated
  std::vector<std::int64_t> widths = {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33};
  std::int64_t sampled_steps = 8;      ///< of each prompt, evaluated in float64
  std::vector<std::int64_t> lengths;   ///< of the stress matrix, ascending; empty: no matrix
  std::optional<BudgetRecord> budget;  ///< of approximate patches
  std::string load = "mmap";           ///< how the weights come into memory: mmap or read
  bool ignore_eos = false;
  bool allow_swap = false;  ///< also a model that memory cannot hold
  bool require_timing = false;
  std::int64_t looks = 1;     ///< 2: the pairs may end at `runs` or at twice as many
  std::int64_t launches = 1;  ///< processes that the pairs are spread over
  bool confirm = false;       ///< a regression is measured again in a fresh process
  bool json = false;
  std::optional<std::filesystem::path> capsule;
};

/// Throws UserError: the flag, what was found, what was expected. Without pairs (`min_runs` 0)
/// nothing is timed.
void check_run_options(const RunOptions& options, std::int64_t min_runs = 1);

}  // namespace fidelio
