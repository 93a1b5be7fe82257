// Whether anything was validated at all: a patch that did nothing cannot fail.
// Internal to capsules/.
#pragma once

#include "capsules/finding.h"
#include "capsules/record.h"

namespace fidelio {

/// Patches were asked for, and none was applied or none called; asked for by name: any of them.
Finding find_vacuous(const Record& record);

}  // namespace fidelio
