// The list of checks that a gate makes of one capsule, with what each does to the exit code.
// Internal to capsules/.
#pragma once

#include <string>
#include <vector>

#include "capsules/gate.h"
#include "capsules/gate_policy.h"

namespace fidelio {

inline constexpr const char* kAllPatches = "all patches";

class GateCheckList {
 public:
  explicit GateCheckList(const GatePolicy& policy) : policy_(policy) {}

  void pass(const std::string& name, const std::string& sentence);
  void skip(const std::string& name, const std::string& sentence);
  /// `code` is what the process exits with for this alone.
  void fail(const std::string& name, int code, const std::string& sentence);
  /// What could not be decided; whether that passes is the policy's.
  void undecided(const std::string& name, const std::string& sentence);
  /// pass, or fail with the code.
  void demand(bool holds, const std::string& name, int code, const std::string& sentence);
  /// A check of one patch. What it finds is part of the fidelity check, which has the exit code.
  void of_patch(const std::string& patch, const std::string& name, const std::string& outcome,
                const std::string& sentence);

  int exit_code() const;
  std::vector<GateCheck> take() { return std::move(checks_); }

 private:
  const GatePolicy& policy_;
  std::vector<GateCheck> checks_;
  std::vector<int> codes_;
};

}  // namespace fidelio
