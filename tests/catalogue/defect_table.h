// The table of planted defects as text.
#pragma once

#include <string>
#include <vector>

#include "tests/catalogue/defect_run.h"

namespace fidelio::catalogue {

std::string defect_header();
std::string defect_row(const DefectOutcome& outcome);
/// "caught 97 of 97, ..."
std::string defect_summary(const std::vector<DefectOutcome>& outcomes);

}  // namespace fidelio::catalogue
