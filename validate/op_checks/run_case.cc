#include "validate/op_checks/run_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/check.h"
#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

std::uint32_t word(const std::byte* bytes, std::size_t i) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes + 4 * i, 4);
  return value;
}

double as_number(const std::byte* bytes, std::size_t i, bool is_float) {
  const std::uint32_t bits = word(bytes, i);
  if (!is_float) return static_cast<std::int32_t>(bits);
  float value = 0;
  std::memcpy(&value, &bits, 4);
  return static_cast<double>(value);
}

/// All shares, one after the other; the last first when the seed is odd, so that no share can hide
/// what it wrote into another's part behind the other's own results.
void run_shares(OpProblem& problem, const KernelTable& kernels, std::size_t n,
                std::byte* workspace) {
  for (std::size_t i = 0; i < n; ++i) {
    problem.memory().restore_workspace();
    const std::size_t share = problem.c.seed % 2 == 1 ? n - 1 - i : i;
    problem.call(kernels, Share{share, n, workspace});
  }
}

ReferenceOutputs copy_outputs(const OpProblem& problem) {
  ReferenceOutputs copies;
  for (const OpOutput& output : problem.outputs())
    copies.emplace_back(output.data, output.data + 4 * output.n_values);
  return copies;
}

class Judge {
 public:
  Judge(const OpProblem& problem, CaseResult& result) : problem_(problem), result_(result) {}

  /// Keeps the first of its kind.
  void fail(const char* kind, const std::string& array, std::ptrdiff_t element, double found,
            double expected, double bound = 0) {
    const auto same = [&](const OpFailure& failure) { return failure.kind == kind; };
    if (std::any_of(result_.failures.begin(), result_.failures.end(), same)) return;
    const OpCase& c = problem_.c;
    result_.failures.push_back(
        {c.op, describe(c), c.seed, kind, array, element, found, expected, bound, c});
  }

  void bits(const OpOutput& output, const std::vector<std::byte>& reference) {
    for (std::size_t i = 0; i < output.n_values; ++i) {
      const std::uint32_t found = word(output.data, i);
      if (found == word(reference.data(), i)) continue;
      const double value = as_number(output.data, i, output.is_float);
      const double expected = as_number(reference.data(), i, output.is_float);
      if (found == GuardedMemory::kUnwritten) {
        fail("unwritten", output.name, static_cast<std::ptrdiff_t>(i), value, expected);
      } else if (!(std::isnan(value) && std::isnan(expected))) {
        fail("bits", output.name, static_cast<std::ptrdiff_t>(i), value, expected);
      }
    }
  }

  void error(const OpOutput& output, const Expected& truth) {
    FIDELIO_CHECK(truth.value.size() == output.n_values && truth.bound.size() == output.n_values);
    for (std::size_t i = 0; i < output.n_values; ++i) {
      ++result_.n_elements;
      const double bound = truth.bound[i];
      if (bound == kUnjudged) continue;
      ++result_.n_judged;
      const double found = as_number(output.data, i, output.is_float);
      const double expected = truth.value[i];
      if (std::isfinite(expected)) {
        const double off = std::abs(found - expected);
        if (bound > 0 && off <= bound)
          result_.worst_share = std::max(result_.worst_share, off / bound);
        if (off <= bound) continue;
      } else if (found == expected || (std::isnan(found) && std::isnan(expected))) {
        continue;
      }
      fail("error", output.name, static_cast<std::ptrdiff_t>(i), found, expected, bound);
    }
  }

  void memory(GuardedMemory& memory) {
    if (const auto guard = memory.broken_guard())
      fail("guard band", guard->name, element_of(guard->offset), 0, 0);
    if (const auto input = memory.changed_input())
      fail("input changed", input->name, element_of(input->offset), 0, 0);
  }

 private:
  /// Arrays of weights count in bytes too: their elements may be smaller than one.
  static std::ptrdiff_t element_of(std::ptrdiff_t offset) {
    return offset >= 0 ? offset / 4 : (offset - 3) / 4;
  }

  const OpProblem& problem_;
  CaseResult& result_;
};

}  // namespace

CaseResult run_case(const KernelTable& kernels, const OpCase& op_case, const ModelWeights* model) {
  const OpEntry* entry = find_op_entry(op_case.op);
  FIDELIO_CHECK(entry != nullptr);
  OpProblem problem(op_case, model);
  entry->make(problem);
  GuardedMemory& memory = problem.memory();
  std::byte* workspace =
      memory.add("workspace", GuardedMemory::Role::workspace, problem.workspace_bytes, 0);
  memory.seal();

  run_shares(problem, ref_kernels(), 1, workspace);
  const ReferenceOutputs reference = copy_outputs(problem);
  memory.restore();
  const std::vector<Expected> truth = problem.truth(reference);
  run_shares(problem, kernels, op_case.threads, workspace);

  CaseResult result;
  Judge judge(problem, result);
  FIDELIO_CHECK(truth.size() == problem.outputs().size());
  for (std::size_t i = 0; i < truth.size(); ++i) judge.bits(problem.outputs()[i], reference[i]);
  for (std::size_t i = 0; i < truth.size(); ++i) judge.error(problem.outputs()[i], truth[i]);
  judge.memory(memory);
  return result;
}

std::string failure_text(const OpFailure& f) {
  const std::string at = fmt::format("{}[{}]", f.array, f.element);
  if (f.kind == "guard band")
    return fmt::format("guard band: something was written to {} ({})", at, f.case_text);
  if (f.kind == "input changed")
    return fmt::format("input changed: {} was overwritten ({})", at, f.case_text);
  if (f.kind == "unwritten")
    return fmt::format("unwritten: {}, expected {:.9g} ({})", at, f.expected, f.case_text);
  const std::string bound = f.kind == "error" ? fmt::format(" within {:.3g}", f.bound) : "";
  return fmt::format("{}: {} is {:.9g}, expected {:.9g}{} ({})", f.kind, at, f.found, f.expected,
                     bound, f.case_text);
}

}  // namespace fidelio
