// Which cases are run: sizes around the vector widths, or the shapes of a model, times widths M of
// a step, kinds of data, alignments and thread counts. Every case is a pure function of the
// options.
#pragma once

#include <string>
#include <vector>

#include "core/prefill_chunks.h"
#include "validate/loaded_model.h"
#include "validate/op_checks/op_case.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {

struct OpGrid {
  std::vector<std::string> ops;  ///< empty: all
  std::uint64_t seed = 1;
  std::size_t threads = 3;  ///< the most shares of a case
  std::size_t rows = 0;     ///< with cols, instead of the built-in sizes
  std::size_t cols = 0;
  std::size_t experts = 0;  ///< instead of the built-in counts
  std::size_t top_k = 0;
  std::vector<std::size_t> tokens;     ///< empty: 1 to kWidestStep and one of many
  const LoadedModel* model = nullptr;  ///< its shapes and weights instead of the built-in ones
};

/// One more than the fused kernels' guard admits (patches/).
inline constexpr auto kWidestStep = static_cast<std::size_t>(kGuardTokens) + 1;

/// All cases of one op; empty where the given shape is none that the op can have.
std::vector<OpCase> cases_of(const OpEntry& entry, const OpGrid& grid);

/// Built-in shapes of an op, at M = 1, normal data, the smallest first.
std::vector<OpCase> built_in_shapes(const OpEntry& entry);

/// The distinct shapes that a model's graph, unfused and with every patch, has of an op; weights
/// cut to a sample of rows and experts.
std::vector<OpCase> model_shapes(const OpEntry& entry, const LoadedModel& model);

/// "" for a case whose weights this model has, else what is wrong with it.
std::string complaint_about(const OpCase& c, const LoadedModel& model);

}  // namespace fidelio
