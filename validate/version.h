// Which Fidelio this is; filled in at build time (validate/version.cc.in,
// validate/git_version.cmake).
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

ProgramRecord program_version();

/// A line of program and commit (with whether the checkout was modified), then one each for the
/// versions of numerics contract and capsule schema, the vector targets of this processor, best
/// first, and the compiler with its flags.
std::string version_text();

}  // namespace fidelio
