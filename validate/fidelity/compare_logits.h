// The teacher-forced comparison of logits: every row of every step bit for bit and by llama.cpp's
// metrics, no row stored. Free, or routed: then the patched arm computes with the baseline's
// experts.
#pragma once

#include <vector>

#include "capsules/record.h"
#include "core/tokenizer.h"
#include "validate/fidelity/lockstep.h"

namespace fidelio {

/// Free comparison; appends to `faults`.
ComparisonRecord compare_free(Arm& baseline, Arm& patched, const LockstepInput& input,
                              const Tokenizer* tokenizer, std::vector<FaultRecord>& faults);

/// Routed comparison; appends the route flips of each layer.
ComparisonRecord compare_routed(Arm& baseline, Arm& patched, const LockstepInput& input,
                                const Tokenizer* tokenizer, std::vector<RouteFlipRecord>& flips);

}  // namespace fidelio
