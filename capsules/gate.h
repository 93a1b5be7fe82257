// The gate: what a policy demands, from capsules alone. It recomputes everything and never trusts
// what is stored. Each demand is a check with an outcome and a sentence; what they are is in
// capsules/gate_*.h, what a policy may say in capsules/gate_policy.h.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "capsules/gate_policy.h"
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
  std::string name;   ///< of the capsule, as shown; "all capsules" for what concerns them together
  std::string model;  ///< its model's id; empty for all capsules
  std::vector<GateCheck> checks;
  VerdictRecord recomputed;  ///< by the capsule's own options; empty for all capsules
  std::string disagreement;  ///< how the stored verdict differs; empty where it agrees
  std::string mismatch;      ///< a checksum that does not fit its contents; empty where all do
  int exit_code = 0;         ///< the first that applies of all checks
};

struct NamedCapsule {
  std::string name;  ///< as shown
  Record record;
};

struct GateContext {
  GatePolicy policy;
  std::int64_t now_s = 0;             ///< seconds since 1970
  std::int64_t numerics_version = 0;  ///< this program's
  std::vector<NamedCapsule> against;  ///< stored capsules that each is compared with; may be empty
};

/// One result a capsule, in their order; one more, of all capsules, where the policy demands
/// something of them together.
std::vector<GateResult> gate(std::span<const NamedCapsule> capsules, const GateContext& context);

/// Of one capsule, without a policy.
GateResult gate(const std::string& name, const Record& record);

/// The first that applies in the order of the exit codes.
int combined_exit_code(const std::vector<GateResult>& results);

/// A line a capsule, a line for each of its checks that does not pass, then the outcome.
std::string gate_text(const std::vector<GateResult>& results);

}  // namespace fidelio
