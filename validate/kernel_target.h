// --target: the kernels that run, by the name of their vector target.
#pragma once

#include <string>

#include "kernels/table.h"

namespace fidelio {

/// kernels_for(target); throws UserError naming what there is for any other name.
KernelTable kernels_named(const std::string& target);

}  // namespace fidelio
