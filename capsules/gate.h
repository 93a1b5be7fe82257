// The gate: a verdict from a capsule alone. It recomputes everything and never trusts what is
// stored.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

struct GateResult {
  std::string name;  ///< of the capsule, as shown
  VerdictRecord recomputed;
  std::string disagreement;  ///< how the stored verdict differs; empty where it agrees
  std::string mismatch;      ///< a checksum that does not fit its contents; empty where all do
  int exit_code = 0;  ///< the recomputed verdict's; with a disagreement or mismatch the first
                      ///< that applies of that and 1
};

GateResult gate(const std::string& name, const Record& record);

/// The first that applies in the order of the exit codes.
int combined_exit_code(const std::vector<GateResult>& results);

/// One line a capsule, then the outcome.
std::string gate_text(const std::vector<GateResult>& results);

}  // namespace fidelio
