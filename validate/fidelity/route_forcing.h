// The routed pass: after every node of the patched arm that chooses experts, the baseline's choice
// is put in its place, and where the arm would have chosen otherwise a route flip is noted. So
// nothing behind the choice sees the jump that a tie between experts makes of rounding.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "capsules/record.h"
#include "validate/fidelity/lockstep.h"
#include "validate/fidelity/step_tape.h"

namespace fidelio {

/// The value by which a node that makes expert ids tells them apart: the router logits, or the
/// scores where those are no softmax of them.
ValueId router_logits_of(const Graph& graph, const Node& node);

class RouteForcing {
 public:
  /// Positions of flips are counted from the token at `first_row`, negative before it.
  RouteForcing(Arm& baseline, Arm& patched, std::size_t first_row);
  ~RouteForcing();

  Watchers watch(std::size_t n_tokens, std::size_t first_position);
  /// What the baseline computed in the last step.
  const StepTape& tape() const { return tape_; }
  /// One entry a layer that flipped; prompt and width are left to the caller.
  std::vector<RouteFlipRecord> flips() const;

 private:
  class Forcer;

  Arm& patched_;
  std::size_t first_row_;
  StepTape tape_;
  std::map<std::size_t, std::unique_ptr<Forcer>> forcers_;  ///< by step width
  std::map<int, RouteFlipRecord> flips_;                    ///< by layer
};

}  // namespace fidelio
