#include "capsules/gate_checks.h"

#include "capsules/exit_code.h"

namespace fidelio {

void GateCheckList::pass(const std::string& name, const std::string& sentence) {
  checks_.push_back({kAllPatches, name, "pass", sentence});
}

void GateCheckList::skip(const std::string& name, const std::string& sentence) {
  checks_.push_back({kAllPatches, name, "skipped", sentence});
}

void GateCheckList::fail(const std::string& name, int code, const std::string& sentence) {
  checks_.push_back({kAllPatches, name, "fail", sentence});
  codes_.push_back(code);
}

void GateCheckList::undecided(const std::string& name, const std::string& sentence) {
  checks_.push_back({kAllPatches, name, "inconclusive", sentence});
  codes_.push_back(policy_.inconclusive == "pass" ? int{kPass} : int{kInconclusive});
}

void GateCheckList::demand(bool holds, const std::string& name, int code,
                           const std::string& sentence) {
  if (holds) {
    pass(name, sentence);
  } else {
    fail(name, code, sentence);
  }
}

void GateCheckList::of_patch(const std::string& patch, const std::string& name,
                             const std::string& outcome, const std::string& sentence) {
  checks_.push_back({patch, name, outcome, sentence});
}

int GateCheckList::exit_code() const { return combined_exit_code(std::span<const int>(codes_)); }

}  // namespace fidelio
