// The table of reorderings as text: one row a reordering, model and kind of router, over all seeds.
#pragma once

#include <string>
#include <vector>

#include "tests/catalogue/reordering_run.h"

namespace fidelio::catalogue {

std::string reordering_header();
/// `seeds` are of one reordering, model and kind.
std::string reordering_row(const std::vector<ReorderingOutcome>& seeds);
std::string reordering_summary(const std::vector<ReorderingOutcome>& outcomes);

}  // namespace fidelio::catalogue
