// The budget of approximate patches as people write it: "mean_kld=0.01,kld_99.9=0.1,rms_dp=0.02,
// same_top_p=0.98". Judging by it is capsules/fidelity_rules.h.
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

/// All four figures, in any order, each once: KLDs of 0 or more, rms_dp and same_top_p as shares of
/// 0 to 1, not in percent. Throws UserError naming the key and what was found.
BudgetRecord parse_budget(const std::string& text);

/// What parse_budget() reads back to the same figures.
std::string budget_text(const BudgetRecord& budget);

}  // namespace fidelio
