// One fault, planted in one op of a kernel table and let loose by a trigger. Kernels are stateless
// functions, so the fault that is planted at the moment is one global object, set for the duration
// of a run. Adding a fault: a row in planted_fault.cc and its arithmetic in the fault_*.cc of its
// op.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/table.h"
#include "tests/catalogue/trigger.h"

namespace fidelio::catalogue {

/// What a fault file says of the harm.
struct Fault {
  std::string name;  ///< of fault_kinds(), or "none"
  Op op = Op::input;
  std::map<std::string, double> numbers;  ///< parameters
  std::string matrix;                     ///< linear: part of the weight's name; empty: every one
};

struct FaultKind {
  std::string name;
  std::string harm;                     ///< for people
  std::vector<Op> ops;                  ///< in which it can be planted
  std::map<std::string, double> needs;  ///< numbers it takes, with their defaults
  std::string unavailable;              ///< why it cannot be planted today; empty: it can
};

const std::vector<FaultKind>& fault_kinds();
/// nullptr for an unknown name.
const FaultKind* find_fault_kind(const std::string& name);

/// Where a fault really changed bits: layer, tokens of the step, position of the token.
using Harm = std::tuple<int, std::int64_t, std::int64_t>;

/// Plants while it lives; one at a time.
class PlantedFault {
 public:
  PlantedFault(Fault fault, Trigger trigger, const KernelTable& good);
  PlantedFault(const PlantedFault&) = delete;
  PlantedFault& operator=(const PlantedFault&) = delete;
  ~PlantedFault();

  /// The good kernels with the bad one among them.
  const KernelTable& kernels() const { return kernels_; }

  std::set<Harm> harm() const;
  void forget_harm();

 private:
  KernelTable kernels_;
};

}  // namespace fidelio::catalogue
