// What the results of a site are held to: the nodes that a patch replaced, evaluated on captured
// inputs in float64 (the class reference), in naive float32, or by the baseline's kernels; each
// with the rounding that the patch declares.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "core/executor.h"
#include "core/truth/truth.h"
#include "validate/fidelity/site_pass.h"
#include "validate/loaded_model.h"

namespace fidelio {

/// Rounds rows in place: [rows, cols].
using RoundRows = std::function<void(float* x, std::size_t rows, std::size_t cols)>;

/// What a patch declares for its operand x, the first; empty where it declares nothing.
RoundRows rounding_of_x(const Patch& patch);

/// Splits work between the threads of a team.
ParallelFor parallel_over(ThreadTeam& team);

/// Declared rounding of whole graphs: which input of which node of the baseline's graph.
using RoundedInputs = std::map<std::pair<NodeId, ValueId>, RoundRows>;
RoundedInputs rounded_inputs(const Graph& baseline, const std::map<std::string, SiteTally>& sites);

/// Makes an evaluator round what is declared.
template <class T>
void round_inputs(Evaluator<T>& evaluator, const Graph& graph, const RoundedInputs& inputs);

/// The outputs of one row, and its expert ids where the site makes them.
struct SiteResult {
  std::vector<std::vector<double>> floats;
  std::vector<std::int32_t> ids;
};

class ClassReference {
 public:
  ClassReference(const LoadedModel& model, const RopeTable& rope, const KernelTable& kernels,
                 ThreadTeam& team);

  /// One result a sample.
  std::vector<SiteResult> truth(const SiteTally& site,
                                const std::vector<const SiteSample*>& samples) const;
  std::vector<SiteResult> naive(const SiteTally& site,
                                const std::vector<const SiteSample*>& samples) const;
  /// By the baseline's kernels: what they computed in the pass, or compute from rounded inputs.
  std::vector<SiteResult> baseline(const SiteTally& site,
                                   const std::vector<const SiteSample*>& samples) const;

 private:
  template <class T>
  std::vector<SiteResult> evaluate(const SiteTally& site,
                                   const std::vector<const SiteSample*>& samples) const;

  const LoadedModel& model_;
  const RopeTable& rope_;
  const KernelTable& kernels_;
  ThreadTeam& team_;
};

/// What an arm computed at a sampled row.
SiteResult result_of(const Graph& graph, const SiteTally& site, const std::vector<Words>& outputs);

}  // namespace fidelio
