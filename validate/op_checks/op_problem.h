// A case made concrete: arrays filled, the call of the kernel, and what truth says of each output.
// An op's make_ function (op_table.h) fills one of these; run_case.cc runs and judges it.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/model_weights.h"
#include "core/truth/truth_ops.h"
#include "validate/op_checks/error_bound.h"
#include "validate/op_checks/guarded_memory.h"
#include "validate/op_checks/op_case.h"
#include "validate/op_checks/random_data.h"

namespace fidelio {

/// An array that the kernel writes; `bytes` holds n_values floats or expert ids.
struct OpOutput {
  std::string name;
  const std::byte* data = nullptr;
  std::size_t n_values = 0;
  bool is_float = true;
};

/// What the `_ref` kernel wrote into each output, as its bytes.
using ReferenceOutputs = std::vector<std::vector<std::byte>>;

class OpProblem {
 public:
  /// `model` holds the parameters that the case names; null where it names none.
  OpProblem(const OpCase& op_case, const ModelWeights* model);
  OpProblem(const OpProblem&) = delete;
  OpProblem& operator=(const OpProblem&) = delete;

  const OpCase& c;
  std::size_t workspace_bytes = 0;
  std::function<void(const KernelTable& kernels, Share share)> call;
  /// Reads the inputs as they are before a run. Expert ids may depend on the reference's where
  /// rounding leaves a choice.
  std::function<std::vector<Expected>(const ReferenceOutputs& reference)> truth;

  GuardedMemory& memory() { return memory_; }
  const std::vector<OpOutput>& outputs() const { return outputs_; }
  Random& random() { return random_; }

  /// The case's kind for operand `i` of `n`: each seed makes one of them, or all, of that kind.
  DataKind kind_of(std::size_t i, std::size_t n) const;

  /// Floats as fill_floats makes them.
  const float* input(const std::string& name, std::size_t n, DataKind kind, int shift = 0);
  float* output(const std::string& name, std::size_t n);
  std::int32_t* id_output(const std::string& name, std::size_t n);
  /// Holds an input at first; its last contents are judged.
  float* in_out(const std::string& name, std::size_t n, DataKind kind, int shift = 0);
  const std::int32_t* integers(const std::string& name, const std::vector<std::int32_t>& values);
  /// n_tokens * top_k expert ids, distinct within a token.
  const std::int32_t* expert_ids();
  /// first, first + 1, ... for every token.
  const std::int32_t* positions(std::size_t first);

  /// [rows, cols] in the case's format, or in `format` (with the case's group size and type of
  /// scales where that has groups). `kind` is that of a float weight or of another's scales.
  WeightView weight(const std::string& name, DataKind kind);
  WeightView weight(const std::string& name, DataKind kind, WeightFormat format);
  /// c.experts of them; the array lives as long as the problem. `param` names the model's stack.
  const WeightView* expert_weights(const std::string& name, DataKind kind, WeightFormat format,
                                   const std::string& param);

 private:
  std::size_t float_offset() const { return c.misaligned ? sizeof(float) : 0; }
  const std::byte* copied_rows(const std::string& name, const std::byte* from,
                               std::size_t row_bytes, std::size_t stride);
  WeightView random_weight(const std::string& name, DataKind kind, WeightFormat format);
  WeightView rows_of(const std::string& name, const WeightView& whole);

  const ModelWeights* model_;
  Random random_;
  GuardedMemory memory_;
  std::vector<OpOutput> outputs_;
  std::deque<std::vector<WeightView>> stacks_;
};

/// Calls the kernel that a table holds in `member`.
template <class Args>
std::function<void(const KernelTable&, Share)> call_of(void (*KernelTable::*member)(const Args&,
                                                                                    Share),
                                                       const Args& args) {
  return
      [member, args](const KernelTable& kernels, Share share) { (kernels.*member)(args, share); };
}

/// Floats or ids as truth reads them.
TruthValue truth_of(const float* x, std::size_t rows, std::size_t width);
TruthValue truth_ids(const std::int32_t* ids, std::size_t rows, std::size_t width);

}  // namespace fidelio
