// What an approximation costs where each arm chooses its experts, and whether the policy's budget
// covers it. The figures are llama.cpp's. Internal to capsules/.
#pragma once

#include <optional>
#include <string>

#include "capsules/finding.h"
#include "capsules/record.h"

namespace fidelio {

/// The worst figures over the free comparisons; NaN where one of them is none.
BudgetRecord worst_figures(const Record& record);

/// Holds where a budget was given and no figure is outside it; the sentence names the figure that
/// is, or the budget that these figures would need.
Finding find_within_budget(const Record& record);

/// The same by another budget than the record's.
Finding find_within_budget(const Record& record, const std::optional<BudgetRecord>& budget);

/// "--budget mean_kld=0.012,kld_99.9=0.31,rms_dp=0.021,same_top_p=0.981": the figures rounded away
/// from zero cost to two digits, so that a run with the same figures passes. Empty where a figure
/// is no finite number: no budget covers that.
std::string budget_argument(const BudgetRecord& figures);

}  // namespace fidelio
