// The gate: a verdict from a capsule alone. It recomputes everything and never trusts what is
// stored.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

/// What the gate asked of a capsule, and the answer: a case of a JUnit suite, a line of a report.
struct GateCheck {
  std::string patch;     ///< a patch's name; "all patches" for what concerns all of them together
  std::string name;      ///< "fidelity", "sites", "decode", "min_pairs", ...
  std::string outcome;   ///< "pass", "fail", "inconclusive" or "skipped"
  std::string sentence;  ///< why, for people
};

struct GateResult {
  std::string name;   ///< of the capsule, as shown
  std::string model;  ///< its model's id
  std::vector<GateCheck> checks;
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
