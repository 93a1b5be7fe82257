// validate ops on kernels of the caller's choice, so that a test can plant a defect behind the
// command line's back. The command itself is validate/commands.h.
#pragma once

#include <functional>
#include <string>

#include "kernels/table.h"
#include "validate/commands.h"

namespace fidelio {

/// The kernels of a target's name; throws UserError for an unknown one.
using KernelSource = std::function<KernelTable(const std::string& target)>;

int ops_command(const OpsOptions& options, const KernelSource& kernels_of);

}  // namespace fidelio
