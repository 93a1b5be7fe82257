// The verdicts of a sound and whole record, once nothing is broken and nothing is missing: what
// differs between the arms, and why it is no defect. Internal to capsules/.
#pragma once

#include "capsules/fidelity_index.h"
#include "capsules/finding.h"

namespace fidelio {

/// All ids and logits bitwise equal, whatever the class.
Finding find_exact(const FidelityIndex& index);

/// Class reassociated, and no id and no best token differs.
Finding find_token_exact(const FidelityIndex& index);

/// Class reassociated; tokens differ, and each change is a tie.
Finding find_tie_flip(const FidelityIndex& index);

/// Class approximate. Holds within its budget and outside it; what the gate makes of it is
/// capsules/exit_code.h.
Finding find_approximate(const FidelityIndex& index);

}  // namespace fidelio
