// The gate's checks of what a kernel computes, and of the capsule that says so. Internal to
// capsules/.
#pragma once

#include "capsules/gate_checks.h"

namespace fidelio {

/// "stored_verdict" and "checksums": what the capsule says of itself is what follows from it.
void check_honesty(const GateResult& result, GateCheckList& checks);

/// "applied" and "sites" of each patch.
void check_patches(const Record& record, GateCheckList& checks);

/// "fidelity" of all patches: the recomputed verdict is one that the policy lets pass, with the
/// policy's budget where it has one.
void check_fidelity(const Record& record, const VerdictRecord& recomputed, const GatePolicy& policy,
                    GateCheckList& checks);

}  // namespace fidelio
