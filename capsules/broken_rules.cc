#include "capsules/broken_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "capsules/arm_rules.h"
#include "capsules/explanation_rules.h"
#include "capsules/site_rules.h"
#include "capsules/tie_rules.h"

namespace fidelio {
namespace {

Finding find_fault(const Record& record) {
  if (record.faults.empty()) return {};
  const FaultRecord& fault = record.faults.front();
  const char* what = fault.kind == "expert_id" ? "impossible expert id" : "non-finite value";
  return {true,
          fmt::format("{}: {} {} at {} ({}, layer {}), prompt {}, position {}, in a step of {} "
                      "tokens",
                      fault.arm, fault.count, what, site_name(fault.site), fault.op, fault.layer,
                      fault.prompt, fault.position, fault.width)};
}

Finding find_difference_of_bit_exact(const FidelityIndex& index) {
  if (index.numerics() != NumericsClass::bit_exact) return {};
  if (Finding changed = find_changed_id(index.record()); changed.holds) return changed;
  Finding bit = find_differing_bit(index.record());
  if (bit.holds)
    bit.sentence += index.record().patches.empty()
                        ? ", though no patch was applied"
                        : ", though every applied patch claims bit-exactness";
  return bit;
}

std::int64_t positions_compared(const Record& record) {
  double positions = 0;  // counts of an untrusted file may overflow an integer
  for (const ComparisonRecord& c : record.comparisons)
    if (c.routing != "routed") positions += static_cast<double>(c.positions);
  return static_cast<std::int64_t>(std::min(positions, 1e15));
}

}  // namespace

Finding find_broken(const FidelityIndex& index) {
  const Record& record = index.record();
  using Rule = Finding (*)(const FidelityIndex&);
  constexpr Rule kRules[] = {
      [](const FidelityIndex& i) { return find_fault(i.record()); },
      [](const FidelityIndex& i) { return find_differing_site(i.record()); },
      [](const FidelityIndex& i) { return find_failed_site(i.record()); },
      find_defective_flip,
      find_defective_change,
      find_difference_of_bit_exact,
      find_unexplained_change,
  };
  for (const Rule rule : kRules)
    if (Finding found = rule(index); found.holds) return found;
  const bool bits = find_differing_bit(record).holds;
  const bool ids = find_changed_id(record).holds;
  return {false, fmt::format("no fault, no failed site and no change but ties at {} compared "
                             "positions; {}",
                             positions_compared(record),
                             ids    ? "tokens differ, as some patch says they may"
                             : bits ? "bits differ, as some patch says they may"
                                    : "no differing bit")};
}

}  // namespace fidelio
