#include "validate/op_checks/check_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "core/nearest_name.h"
#include "core/user_error.h"
#include "validate/interrupt.h"

namespace fidelio {
namespace {

std::vector<const OpEntry*> entries_of(const OpGrid& grid) {
  std::vector<const OpEntry*> entries;
  for (const std::string& name : grid.ops) {
    if (find_op_entry(name) == nullptr) {
      throw UserError(fmt::format("--op: found \"{}\", expected one of {}{}", name,
                                  fmt::join(op_entry_names(), ", "),
                                  did_you_mean(name, op_entry_names())));
    }
  }
  for (const OpEntry& entry : all_op_entries()) {
    const bool asked = std::find(grid.ops.begin(), grid.ops.end(), entry.name) != grid.ops.end();
    if (grid.ops.empty() || asked) entries.push_back(&entry);
  }
  return entries;
}

/// Runs `cases` on several threads; the caller's thread reports progress and takes its share too.
std::vector<CaseResult> run_all(const KernelTable& kernels, const std::vector<OpCase>& cases,
                                const OpCheckOptions& options) {
  const ModelWeights* model =
      options.grid.model == nullptr ? nullptr : &options.grid.model->weights;
  std::vector<CaseResult> results(cases.size());
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto run_one = [&] {
    const std::size_t i = next++;
    if (i >= cases.size()) return false;
    results[i] = run_case(kernels, cases[i], model);
    ++done;
    return true;
  };
  const std::size_t asked = options.workers;
  const std::size_t n_workers =
      asked != 0 ? asked : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  std::vector<std::exception_ptr> errors(n_workers);
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < n_workers; ++i) {
    others.emplace_back([&run_one, &next, &cases, &error = errors[i]] {
      try {
        while (run_one()) {
        }
      } catch (...) {
        error = std::current_exception();
        next = cases.size();
      }
    });
  }
  std::size_t reported = 0;
  try {
    do {
      stop_if_interrupted();
      const std::size_t now = done;
      if (options.progress && now > reported) options.progress(now - reported, cases[reported].op);
      reported = now;
    } while (run_one());
  } catch (...) {
    next = cases.size();  // the others finish their case and stop
    throw;
  }
  others.clear();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  if (options.progress && !cases.empty())
    options.progress(cases.size() - reported, cases.back().op);
  return results;
}

}  // namespace

std::size_t count_cases(const OpGrid& grid) {
  std::size_t n = 0;
  for (const OpEntry* entry : entries_of(grid)) n += cases_of(*entry, grid).size();
  return n;
}

OpCheckResult check_ops_in_full(const KernelTable& kernels, const OpCheckOptions& options) {
  OpCheckResult result;
  std::vector<OpCase> cases;
  std::vector<std::size_t> op_of;
  for (const OpEntry* entry : entries_of(options.grid)) {
    std::vector<OpCase> own = cases_of(*entry, options.grid);
    for (OpCase& c : own) {
      c.target = kernels.target;
      cases.push_back(std::move(c));
      op_of.push_back(result.ops.size());
    }
    result.ops.push_back({std::string(entry->name), own.size(), 0, 0, 0});
  }
  if (cases.empty())
    throw UserError("ops: found no case to run, expected a shape that some op can have");
  std::vector<CaseResult> results = run_all(kernels, cases, options);
  for (std::size_t i = 0; i < results.size(); ++i) {
    OpSummary& op = result.ops[op_of[i]];
    op.worst_share = std::max(op.worst_share, results[i].worst_share);
    op.n_judged += results[i].n_judged;
    op.n_failed += results[i].failures.empty() ? 0 : 1;
    for (OpFailure& failure : results[i].failures) result.failures.push_back(std::move(failure));
  }
  return result;
}

std::vector<OpFailure> check_ops(const KernelTable& kernels, const OpCheckOptions& options) {
  return check_ops_in_full(kernels, options).failures;
}

}  // namespace fidelio
