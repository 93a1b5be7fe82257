// validate ops: every kernel by itself against truth and the scalar reference, on built-in sizes or
// a model's; a failing case is saved and can be run again alone.
#include "validate/ops_command.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <memory>

#include "capsules/atomic_file.h"
#include "capsules/capsule_error.h"
#include "core/quote.h"
#include "core/user_error.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/op_checks/case_file.h"
#include "validate/op_checks/op_report.h"
#include "validate/progress.h"
#include "validate/replay_ops.h"

namespace fidelio {
namespace {

/// ROWSxCOLS, each from 1 on.
void parse_shape(const std::string& text, OpGrid& grid) {
  const char* const end = text.data() + text.size();
  const auto rows = std::from_chars(text.data(), end, grid.rows);
  bool good = rows.ec == std::errc() && rows.ptr != end && *rows.ptr == 'x';
  if (good) {
    const auto cols = std::from_chars(rows.ptr + 1, end, grid.cols);
    good = cols.ec == std::errc() && cols.ptr == end;
  }
  if (!good || grid.rows == 0 || grid.cols == 0)
    throw UserError(
        fmt::format("--shape: found {}, expected ROWSxCOLS, like 64x2048", quote(text)));
}

OpGrid grid_of(const OpsOptions& options, const LoadedModel* model) {
  OpGrid grid;
  grid.ops = options.ops;
  grid.seed = options.seed;
  grid.threads = static_cast<std::size_t>(options.threads);
  grid.experts = static_cast<std::size_t>(options.experts);
  grid.top_k = static_cast<std::size_t>(options.top_k);
  for (const std::int64_t n : options.tokens) grid.tokens.push_back(static_cast<std::size_t>(n));
  if (!options.shape.empty()) parse_shape(options.shape, grid);
  grid.model = model;
  return grid;
}

/// The one case of --case.
OpCheckResult run_alone(const OpCase& c, const KernelTable& kernels, const LoadedModel* model) {
  CaseResult result = run_case(kernels, c, model == nullptr ? nullptr : &model->weights);
  const std::size_t failed = result.failures.empty() ? 0 : 1;
  return {{{c.op, 1, failed, result.worst_share, result.n_judged}}, std::move(result.failures)};
}

OpCheckResult run_grid(const OpGrid& grid, const KernelTable& kernels) {
  Progress progress(static_cast<std::int64_t>(count_cases(grid)), Progress::wanted());
  OpCheckOptions check;
  check.grid = grid;
  check.progress = [&, shown = std::string()](std::size_t cases, const std::string& op) mutable {
    if (op != shown) progress.phase(shown = op);
    progress.advance(static_cast<std::int64_t>(cases));
  };
  const InterruptGuard interrupts;
  return check_ops_in_full(kernels, check);
}

/// The file that holds the first failing case; empty when it cannot be written, which is no reason
/// to lose the result.
std::string save_first(const OpFailure& failure, const OpsOptions& options) {
  const std::filesystem::path path = options.save.value_or(default_case_path(failure.op_case));
  try {
    write_file_atomically(path, case_json(failure));
    return path.string();
  } catch (const CapsuleError& error) {
    fmt::print(stderr, "warning: the failing case is not saved: {}\n", error.what());
    return "";
  }
}

std::string summary(const OpCheckResult& result, const KernelTable& kernels,
                    const OpsOptions& options, const std::string& saved) {
  std::size_t n_cases = 0;
  std::size_t n_failed = 0;
  for (const OpSummary& op : result.ops) {
    n_cases += op.n_cases;
    n_failed += op.n_failed;
  }
  const std::string seed = options.case_file ? fmt::format("case {}", options.case_file->string())
                                             : fmt::format("seed {}", options.seed);
  const std::string again = saved.empty()
                                ? ""
                                : fmt::format("; again alone: validate ops {}--case {}",
                                              options.model ? *options.model + " " : "", saved);
  return fmt::format("{}: {} of {} cases failed, kernels {}, {}{}\n",
                     n_failed == 0 ? "PASS" : "FAIL", n_failed, n_cases, kernels.target, seed,
                     again);
}

/// The case of --case, whose weights, where they are a model's, MODEL must have.
OpCase asked_case(const OpsOptions& options, const LoadedModel* model) {
  const OpCase c = read_case(*options.case_file);
  const std::string where = path_text(*options.case_file);
  if (c.param.empty()) return c;
  if (model == nullptr) {
    throw UserError(fmt::format("{}: its weights are those of {}: validate ops MODEL --case {}",
                                where, quote(c.model), where));
  }
  if (const std::string complaint = complaint_about(c, *model); !complaint.empty())
    throw UserError(where + ": " + complaint);
  return c;
}

}  // namespace

int ops_command(const OpsOptions& options) { return ops_command(options, kernels_named); }

int ops_command(const OpsOptions& options, const KernelSource& kernels_of) {
  if (options.from_capsule) return replay_ops(options, kernels_of(options.target));
  if (options.save) check_writable(*options.save);
  const std::unique_ptr<const LoadedModel> model =
      options.model ? load_model(*options.model, parse_load_mode(options.load)) : nullptr;
  OpCheckResult result;
  KernelTable kernels;
  std::uint64_t seed = options.seed;
  if (options.case_file) {
    const OpCase c = asked_case(options, model.get());
    kernels = kernels_of(options.target.empty() ? c.target : options.target);
    seed = c.seed;
    result = run_alone(c, kernels, model.get());
  } else {
    kernels = kernels_of(options.target);
    result = run_grid(grid_of(options, model.get()), kernels);
  }
  const int code = result.failures.empty() ? 0 : 1;
  std::string saved;
  if (code != 0 && (!options.case_file || options.save))
    saved = save_first(result.failures.front(), options);
  if (options.json) {
    std::fputs(ops_json(result, kernels.target, seed, saved, code).c_str(), stdout);
  } else {
    std::fputs((ops_table(result) + summary(result, kernels, options, saved)).c_str(), stdout);
  }
  return code;
}

}  // namespace fidelio
