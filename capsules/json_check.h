// Sections of a capsule against each other, once each field is right by itself. Internal to
// capsules/.
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

/// Throws CapsuleError beginning with `where` and the JSON path when a prompt's index is outside
/// `prompts`, runs are not in their order, a pair has two runs of one arm, or a comparison counts
/// more differences than positions.
void check_sections(const Record& record, const std::string& where);

}  // namespace fidelio
