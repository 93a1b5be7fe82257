// The commands behind the command line. Each returns the process's exit code and throws UserError
// or CapsuleError for what the user can mend.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "validate/run_options.h"

namespace fidelio {

struct ExplainOptions {
  std::string model;
  std::string patches = "all";
  std::string load = "mmap";
  std::int64_t n_tokens = 1;
  std::int64_t threads = 0;
  bool graphs = true;
};

struct LogitsOptions {
  std::string model;
  std::optional<std::string> prompt;
  std::vector<std::int32_t> prompt_ids;
  std::filesystem::path out;
  std::string arm = "baseline";  ///< or "patched" or "truth"
  std::string patches = "all";   ///< of the patched arm
  std::string target;            ///< vector target; empty: the best
  std::string load = "mmap";
  std::int64_t threads = 0;
  std::int64_t width = 1;  ///< tokens a step
};

struct ReportOptions {
  std::vector<std::filesystem::path> capsules;
  std::string format = "text";
};

struct TokenizeOptions {
  std::string model;
  std::optional<std::string> text;               ///< else stdin
  std::optional<std::vector<std::int32_t>> ids;  ///< to text instead
  bool prompt = true;                            ///< with what is put around prompts (bos)
  bool pieces = false;
  bool json = false;
};

int run_command(const RunOptions& options);
/// A run's options; its timing is not looked at.
int bisect_command(const RunOptions& options);
int explain_command(const ExplainOptions& options);
int logits_command(const LogitsOptions& options);
int report_command(const ReportOptions& options);
int gate_command(const std::vector<std::filesystem::path>& capsules);
int tokenize_command(const TokenizeOptions& options);

}  // namespace fidelio
