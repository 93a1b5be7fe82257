// The commands behind the command line. Each returns the process's exit code and throws UserError
// or CapsuleError for what the user can mend.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "validate/gate_outputs.h"
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
  std::int64_t width = 1;   ///< tokens a step
  bool allow_swap = false;  ///< also a model that memory cannot hold
};

struct OpsOptions {
  std::optional<std::string> model;  ///< its shapes and weights; else built-in sizes
  std::vector<std::string> ops;      ///< kernels to check; empty: all
  std::string target;                ///< vector target; empty: the best, or the case's own
  std::string load = "mmap";
  std::int64_t threads = 3;  ///< the most shares that a kernel's work is divided into
  std::uint64_t seed = 1;
  std::string shape;                          ///< ROWSxCOLS instead of the sizes; empty: those
  std::int64_t experts = 0;                   ///< 0: as they come
  std::int64_t top_k = 0;                     ///< 0: as they come
  std::vector<std::int64_t> tokens;           ///< empty: 1 to the guard and one more
  std::optional<std::filesystem::path> save;  ///< where the first failing case goes
  std::optional<std::filesystem::path> case_file;
  std::optional<std::filesystem::path> from_capsule;  ///< its activations instead of random ones
  bool json = false;
};

struct GateOptions {
  std::vector<std::filesystem::path> capsules;
  std::optional<std::filesystem::path> policy;  ///< absent: the defaults of capsules/gate_policy.h
  std::vector<std::filesystem::path> against;   ///< stored capsules to compare with
  GateOutputs outputs;
};

struct DiffOptions {
  std::filesystem::path a;
  std::filesystem::path b;
};

struct ReportOptions {
  std::vector<std::filesystem::path> capsules;
  std::string format = "text";
};

struct SynthOptions {
  std::string family;         ///< a name that validate/synth/published_configs.h lists
  std::filesystem::path out;  ///< a folder that is new or empty, or with gguf a new file
  std::string format = "mlx";
  std::optional<int> bits;  ///< absent, as the next two: what is usual for format and family
  std::optional<int> group_size;
  std::optional<std::string> mode;
  std::optional<std::int64_t> layers;  ///< absent: as published
  std::uint64_t seed = 1;
};

struct TokenizeOptions {
  std::string model;
  std::optional<std::string> text;               ///< else stdin
  std::optional<std::vector<std::int32_t>> ids;  ///< to text instead
  bool prompt = true;                            ///< with what is put around prompts (bos)
  bool pieces = false;
  bool json = false;
};

/// Pairs that a fresh process adds to a capsule. Not for people: `validate run` starts it.
struct LaunchOptions {
  std::filesystem::path capsule;
  std::string model;
  std::string load = "mmap";
  std::string purpose = "measure";  ///< or "confirm"
  std::int64_t pairs = 0;
  bool allow_swap = false;
};

struct NoiseOptions {
  std::string model;
  std::int64_t series = 20;
  std::int64_t runs = 15;  ///< pairs of a series
  std::int64_t max_tokens = 64;
  std::int64_t threads = 0;  ///< 0: one for each processor
  std::string target;        ///< vector target; empty: the best
  std::string load = "mmap";
  bool allow_swap = false;
  bool json = false;
};

struct ReplayOptions {
  std::filesystem::path capsule;
  std::optional<std::string> model;     ///< else what the capsule says
  std::optional<std::int64_t> threads;  ///< else the capsule's, as far as there are processors
  std::optional<std::string> target;    ///< else the capsule's where there is it, else the best
  std::optional<std::int64_t> runs;     ///< else the capsule's
  std::string load = "mmap";
  bool allow_swap = false;
  bool json = false;
  std::optional<std::filesystem::path> new_capsule;  ///< where the repetition's capsule goes
};

int run_command(const RunOptions& options);
int launch_command(const LaunchOptions& options);
int noise_command(const NoiseOptions& options);
int replay_command(const ReplayOptions& options);
/// A run's options; its timing is not looked at.
int bisect_command(const RunOptions& options);
int explain_command(const ExplainOptions& options);
int logits_command(const LogitsOptions& options);
int ops_command(const OpsOptions& options);
int report_command(const ReportOptions& options);
int gate_command(const GateOptions& options);
int diff_command(const DiffOptions& options);
int synth_command(const SynthOptions& options);
int tokenize_command(const TokenizeOptions& options);

}  // namespace fidelio
