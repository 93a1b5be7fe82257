// The gate's checks of what a capsule was made from and when: models, patches, prompts, age,
// sources. Evidence that is none of what the policy demands fails, however good it is (exit code 4:
// another run would decide). Internal to capsules/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "capsules/gate_checks.h"

namespace fidelio {

/// "patches" (exit code 5), "prompts", "max_age_days", "clean_tree" and "same_numerics", as far as
/// the policy demands them.
void check_evidence(const Record& record, const GateContext& context, GateCheckList& checks);

/// "models": each that the policy demands has a capsule.
void check_models(std::span<const NamedCapsule> capsules, GateCheckList& checks,
                  const GatePolicy& policy);

/// Seconds since 1970 of "2025-01-31T12:00:00Z"; nothing for other text or no such day.
std::optional<std::int64_t> seconds_of(const std::string& utc);

}  // namespace fidelio
