// The op-level check: every case of every kernel asked for, run and judged. Printing and saving are
// validate/ops_command.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "validate/op_checks/case_grid.h"
#include "validate/op_checks/run_case.h"

namespace fidelio {

struct OpCheckOptions {
  OpGrid grid;
  std::size_t workers = 0;  ///< cases at a time; 0: one for each processor
  /// Called on the caller's thread: cases done since the last call, and the op they belong to.
  std::function<void(std::size_t cases, const std::string& op)> progress;
};

struct OpSummary {
  std::string op;
  std::size_t n_cases = 0;
  std::size_t n_failed = 0;
  double worst_share = 0;    ///< of the error bound
  std::size_t n_judged = 0;  ///< elements held to truth
};

struct OpCheckResult {
  std::vector<OpSummary> ops;       ///< in the order of the table
  std::vector<OpFailure> failures;  ///< in the order of the cases, whatever the workers did
};

/// Checks `kernels` against truth and the `_ref` kernels. The result is a pure function of the
/// kernels, the grid and the model. Throws UserError for an unknown op and for options that leave
/// no case at all.
OpCheckResult check_ops_in_full(const KernelTable& kernels, const OpCheckOptions& options);

/// Its failures.
std::vector<OpFailure> check_ops(const KernelTable& kernels, const OpCheckOptions& options);

/// How many cases check_ops will run.
std::size_t count_cases(const OpGrid& grid);

}  // namespace fidelio
