// A tie in words: which token changed first, how close it was, and what else changed.
// Internal to capsules/.
#pragma once

#include <string>

#include "capsules/fidelity_index.h"

namespace fidelio {

/// "prompt 0, step 312: patched says 'city', baseline 'town'; margin 0.0021 is 0.4 sigma, one route
/// tie at layer 7; all 48 sites nearer to the truth than the baseline: a tie, not a defect".
std::string tie_sentence(const FidelityIndex& index);

/// "", or ", 3 route ties at layers 2, 7": of the whole record.
std::string route_ties_text(const Record& record);

}  // namespace fidelio
