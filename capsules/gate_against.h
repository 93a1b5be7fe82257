// The gate's check of a capsule against a stored one of the same model, prompts and options: no
// worse than it was. Internal to capsules/.
#pragma once

#include "capsules/gate_checks.h"
#include "capsules/gate_speed.h"

namespace fidelio {

/// "against", "against_decode" and "against_prefill", where `context.against` is not empty. A
/// capsule without a stored one to compare it with is undecided, never passed.
void check_against(const Record& record, const GateSpeed& speed, const GateContext& context,
                   GateCheckList& checks);

}  // namespace fidelio
