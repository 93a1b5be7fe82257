// validate ops --from-capsule: the activations of a recorded run are computed again, which gives
// their very bits, and every kernel is run on them beside its scalar reference.
#pragma once

#include "kernels/table.h"
#include "validate/commands.h"

namespace fidelio {

/// Prints a line an op. Returns the process's exit code. Throws UserError where the model is not
/// the capsule's, CapsuleError for a capsule that cannot be read.
int replay_ops(const OpsOptions& options, const KernelTable& kernels);

}  // namespace fidelio
