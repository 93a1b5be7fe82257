// Which Fidelio this is; filled in at build time (validate/version.cc.in,
// validate/git_version.cmake).
#pragma once

#include "capsules/record.h"

namespace fidelio {

ProgramRecord program_version();

}  // namespace fidelio
