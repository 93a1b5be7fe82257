// One case run and judged: the kernel's outputs against the `_ref` kernel's bits and against truth,
// and the memory around them. Which cases there are is validate/op_checks/case_grid.h.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/model_weights.h"
#include "validate/op_checks/op_case.h"

namespace fidelio {

/// One way in which one case failed; the first element that shows it.
struct OpFailure {
  std::string op;
  std::string case_text;
  std::uint64_t seed = 0;
  std::string kind;            ///< "bits", "error", "guard band", "unwritten" or "input changed"
  std::string array;           ///< the kernel's argument that shows it
  std::ptrdiff_t element = 0;  ///< outside the array for a guard band
  double found = 0;
  double expected = 0;  ///< the reference's value, truth's for "error"
  double bound = 0;     ///< of "error"
  OpCase op_case;       ///< everything that runs it again
};

struct CaseResult {
  std::vector<OpFailure> failures;  ///< one a kind at most, in the order of the kinds above
  std::size_t n_elements = 0;       ///< of all outputs
  double worst_share = 0;           ///< of the bound, over all judged elements
  std::size_t n_judged = 0;         ///< elements with a bound; the others were judged by bits alone
};

/// Runs `op_case` on `kernels` after the scalar reference. The result is a pure function of both
/// and of the model's weights.
CaseResult run_case(const KernelTable& kernels, const OpCase& op_case, const ModelWeights* model);

/// "bits: y[17] is 0.25, expected 0.5 (linear [19, 192] ..., seed 7)"
std::string failure_text(const OpFailure& failure);

}  // namespace fidelio
