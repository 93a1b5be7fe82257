// Capsules through the gate as files go: judged, written, read back. For tests of gates.
#pragma once

#include <string>
#include <vector>

#include "capsules/gate.h"
#include "capsules/json.h"
#include "capsules/verdict.h"
#include "tests/capsules/rounded_record.h"
#include "tests/capsules/speed_series.h"

namespace fidelio::testing {

/// 2025-02-01T12:00:00Z, a day after the example was made.
inline constexpr std::int64_t kDayAfterTheExample = 1738411200;

/// As it is read from a file that its own program wrote.
inline Record stored(Record record) {
  record.verdict = judge(record);
  return from_json(to_json(record), "c.json");
}

inline GateContext context_of(const std::string& policy) {
  GateContext context;
  if (!policy.empty()) context.policy = policy_from_json(policy, "policy.json");
  context.now_s = kDayAfterTheExample;
  context.numerics_version = 1;
  return context;
}

/// The result of one capsule; of several, and of all together: gate() itself.
inline GateResult gated(const Record& record, const std::string& policy,
                        const std::vector<Record>& against = {}) {
  GateContext context = context_of(policy);
  for (const Record& base : against) context.against.push_back({"base.json", stored(base)});
  const NamedCapsule capsule{"c.json", stored(record)};
  return gate(std::span(&capsule, 1), context).front();
}

/// A series whose timing does not decide unless a policy says so.
inline Record series(const std::vector<double>& log_ratios) {
  Record record = with_series(log_ratios);
  record.options.require_timing = false;
  return record;
}

/// "" where the gate made no such check.
inline std::string outcome_of(const GateResult& result, const std::string& check,
                              const std::string& patch = "all patches") {
  for (const GateCheck& c : result.checks)
    if (c.patch == patch && c.name == check) return c.outcome;
  return "";
}

inline std::string sentence_of(const GateResult& result, const std::string& check) {
  for (const GateCheck& c : result.checks)
    if (c.name == check) return c.sentence;
  return "";
}

}  // namespace fidelio::testing
