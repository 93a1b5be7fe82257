// One side of a validation: a model, the patches it may use, a kernel table, a decoder. No globals,
// so that an arm can live anywhere. The patches' guards are asked when a plan is made: once for
// each step width that really runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "capsules/record.h"
#include "core/decoder.h"
#include "patches/driver.h"
#include "validate/loaded_model.h"

namespace fidelio {

struct ArmLimits {
  std::size_t capacity = 0;  ///< positions of the cache
  std::size_t max_step = 0;  ///< tokens of the widest step
};

/// What an arm leaves to the baseline, for tests of a suspicion.
struct LeftToBaseline {
  std::set<std::string> sites;  ///< not patched
  std::set<std::string> nodes;  ///< run on the baseline's kernels; by the name of a result
  const KernelTable* kernels = nullptr;
};

/// The plan of one step width, and what the patches made of it.
struct WidthPlan {
  std::shared_ptr<const Plan> plan;  ///< widths with the same rewritten graph share it
  std::vector<PatchReport> reports;  ///< one a patch; empty in the baseline arm
  std::int64_t steps = 0;
};

class Arm {
 public:
  /// Everything passed by reference must outlive the arm. `name` is "baseline" or "patched".
  Arm(std::string name, const LoadedModel& model, std::vector<const Patch*> patches,
      const KernelTable& kernels, ThreadTeam& team, const RopeTable& rope, ArmLimits limits);
  Arm(const Arm&) = delete;
  Arm& operator=(const Arm&) = delete;

  /// To be called before the first step.
  void leave(LeftToBaseline left);

  const std::string& name() const { return name_; }
  const std::vector<const Patch*>& patches() const { return patches_; }
  Decoder& decoder() { return decoder_; }

  /// The plan of a width, made when first asked for.
  const WidthPlan& width_plan(std::size_t n_tokens);
  /// Every width asked for so far.
  const std::map<std::size_t, WidthPlan>& widths() const { return widths_; }

  /// Calls of a patch's fused kernel so far, by nodes really run.
  std::int64_t calls(const Patch& patch) const;

  /// Fills site, op and layer of a fault in a step of n_tokens.
  void describe(std::size_t n_tokens, NodeId node, FaultRecord& out);

 private:
  WidthPlan make_plan(std::size_t n_tokens);

  std::string name_;
  const LoadedModel& model_;
  std::vector<const Patch*> patches_;
  const KernelTable& kernels_;
  const RopeTable& rope_;
  LeftToBaseline left_;
  std::map<std::size_t, WidthPlan> widths_;
  Decoder decoder_;
};

/// cos and sin for every position of a context.
RopeTable rope_table_for(const LoadedModel& model, std::size_t capacity);

}  // namespace fidelio
