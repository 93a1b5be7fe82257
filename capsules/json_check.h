// Sections of a capsule against each other, once each field is right by itself. Internal to
// capsules/.
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

/// Throws CapsuleError beginning with `where` and the JSON path when a prompt's index is outside
/// `prompts`, lengths do not ascend, a patch is none of those asked for, runs are not in their
/// order, a pair has two runs of one arm, a comparison or a site counts more differences than it
/// compared, a changed token lies where nothing was compared, route flips are in no routed
/// comparison, a layer's noise or a prompt's reference is there twice, or a site is of another
/// class than its patch.
void check_sections(const Record& record, const std::string& where);

}  // namespace fidelio
