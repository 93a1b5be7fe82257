// The two arms against each other and each against itself, bit by bit and id by id.
// Internal to capsules/.
#pragma once

#include <cstdint>
#include <set>

#include "capsules/finding.h"
#include "capsules/record.h"

namespace fidelio {

/// An id or a reason to stop that differs between the arms, or a best token that changes.
Finding find_changed_id(const Record& record);

/// Ids of the arms' first runs of a prompt that differ under the same forcing; those of the prompts
/// in `explained` may.
Finding find_runs_with_other_ids(const Record& record, const std::set<std::int64_t>& explained);

/// A bit of any logit that differs between the arms, or figures that can only come from one.
Finding find_differing_bit(const Record& record);

/// A run whose ids or logits are others than those of its own arm's first run of the prompt under
/// the same forcing; a baseline whose teacher-forced logits are others than its free run's (the
/// numerics contract gives the same bits at any step width).
Finding find_nondeterministic(const Record& record);

}  // namespace fidelio
