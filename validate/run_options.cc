#include "validate/run_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/user_error.h"

namespace fidelio {
namespace {

void require_range(const char* flag, std::int64_t found, std::int64_t low, std::int64_t high) {
  if (found >= low && found <= high) return;
  throw UserError(fmt::format("{}: found {}, expected {} to {}", flag, found, low, high));
}

void check_lengths(const RunOptions& options) {
  std::int64_t before = 0;
  for (const std::int64_t length : options.lengths) {
    if (length < 1 || length > options.max_tokens) {
      throw UserError(fmt::format("--lengths: found {}, expected 1 to {} (--max-tokens)", length,
                                  options.max_tokens));
    }
    if (length <= before) {
      throw UserError(
          fmt::format("--lengths: found {} after {}, expected ascending lengths", length, before));
    }
    before = length;
  }
}

}  // namespace

void check_run_options(const RunOptions& options, std::int64_t min_runs) {
  require_range("--runs", options.runs, min_runs, 10000);
  require_range("--max-tokens", options.max_tokens, 1, 10000000);
  require_range("--looks", options.looks, 1, 2);
  require_range("--launches", options.launches, 1, std::max<std::int64_t>(1, options.runs));
  require_range("--threads", options.threads, 0, 1024);
  require_range("--prefill-chunk", options.prefill_chunk, 0, 1 << 16);
  for (const std::int64_t width : options.widths) require_range("--widths", width, 1, 4096);
  if (std::find(options.widths.begin(), options.widths.end(), 1) == options.widths.end())
    throw UserError("--widths: found no 1, expected the decode width 1 among them");
  require_range("--sampled-steps", options.sampled_steps, 0, 4096);
  check_lengths(options);
}

}  // namespace fidelio
