// What each fidelity rule finds in a record. The order of the rules, and what follows from them, is
// capsules/verdict.h. Internal to capsules/.
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

/// Whether a rule holds, and the figures that it was decided by; both ways there is a sentence.
struct Finding {
  bool holds = false;
  std::string sentence;
};

/// A fault at any node; a changed id, stop or best token, whatever the patches' class; a differing
/// bit where every patch that was applied claims `bit_exact`.
Finding find_broken(const Record& record);

/// A run whose ids or logits are others than those of its own arm's first run of the prompt under
/// the same forcing; a baseline whose teacher-forced logits are others than its free run's (the
/// numerics contract gives the same bits at any step width).
Finding find_nondeterministic(const Record& record);

/// Patches were asked for, and none was applied or none called; asked for by name: any of them.
Finding find_vacuous(const Record& record);

/// A bit of any logit that differs between the arms, or figures that can only come from one.
Finding find_differing_bit(const Record& record);

}  // namespace fidelio
