// Every demand of a policy: a capsule that it stops, and beside it one that it lets pass.
#include "capsules/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "capsules/exit_code.h"
#include "tests/capsules/gated.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

struct Demand {
  const char* name;    ///< of the demand
  const char* policy;  ///< JSON
  const char* check;
  const char* outcome;  ///< for the capsule that it stops
  int code;
  std::function<Record()> stopped;
  std::function<Record()> passed;
};

Record example_with(const std::function<void(Record&)>& change) {
  Record record = example_record();
  change(record);
  return record;
}

Record confirmed_regression() {
  Record record = series(around(15, 0.95));
  add_confirmation(record, around(15, 0.95));
  return record;
}

Record with_floor(double decode, double prefill) {
  Record record = series(around(15, 1.0));
  record.noise_floor = NoiseFloorRecord{decode, prefill, "m", 20, 15, "2025-01-01T00:00:00Z"};
  return record;
}

Record with_two_looks() {
  Record record = series(around(15, 1.0));
  record.options.looks = 2;
  return record;
}

/// As `--patches none` leaves it: exact, and no kernel was tried.
Record baseline_against_itself() {
  Record record = example_record();
  record.options.patches.clear();
  record.options.patches_by_name = false;
  record.patches.clear();
  for (PlanRecord& plan : record.plans) {
    plan.patches.clear();
    plan.sites_applied = 0;
  }
  record.sites.clear();
  return record;
}

Record over_budget() {
  Record record = approximate_record();
  record.options.budget->mean_kld = 1;
  return record;
}

const Demand kDemands[] = {
    {"verdicts", R"({"policy_version": 1, "verdicts": ["EXACT"]})", "fidelity", "fail", kFidelity,
     [] { return rounded_record(); }, [] { return example_record(); }},
    {"verdicts, ties", R"({"policy_version": 1, "verdicts": ["EXACT", "TOKEN_EXACT"]})", "fidelity",
     "fail", kFidelity, [] { return tie_record(); }, [] { return rounded_record(); }},
    {"verdicts, approximate", R"({"policy_version": 1, "verdicts": ["TIE_FLIP"]})", "fidelity",
     "fail", kFidelity, [] { return approximate_record(); }, [] { return tie_record(); }},
    {"no policy, broken", "", "fidelity", "fail", kFidelity,
     [] { return example_with([](Record& r) { r.generations[0].patched.ids[5] += 1; }); },
     [] { return example_record(); }},
    {"no policy, vacuous", "", "fidelity", "fail", kVacuous,
     [] { return example_with([](Record& r) { r.patches[0].calls = 0; }); },
     [] { return example_record(); }},
    {"no policy, incomplete", "", "fidelity", "fail", kInconclusive,
     [] { return example_with([](Record& r) { r.comparisons.pop_back(); }); },
     [] { return example_record(); }},
    {"budget that replaces the capsule's",
     R"({"policy_version": 1, "budget": {"mean_kld": 0.01, "kld_99_9": 1, "rms_delta_p": 1,
         "same_top_p": 0.5}})",
     "fidelity", "fail", kFidelity, [] { return over_budget(); },
     [] {
       Record record = over_budget();
       comparison_of(record, 0, 1, "free").metrics.mean_kld = 0.01;
       return record;
     }},
    {"timing required", R"({"policy_version": 1, "timing": "required"})", "decode", "fail",
     kRegression, [] { return series(around(15, 0.95)); }, [] { return series(around(15, 1.05)); }},
    {"timing of an undecided series", R"({"policy_version": 1, "timing": "required"})", "decode",
     "inconclusive", kInconclusive, [] { return series(around(15, 1.0, 0.2)); },
     [] { return series(around(15, 1.0)); }},
    {"timing as the capsule asks", "", "decode", "fail", kRegression,
     [] { return with_series(around(15, 0.95)); }, [] { return with_series(around(15, 0.99)); }},
    {"margins",
     R"({"policy_version": 1, "timing": "required", "margins": {"decode": 0.005, "prefill": 0.03}})",
     "decode", "fail", kRegression, [] { return series(around(15, 0.99)); },
     [] { return series(around(15, 0.999)); }},
    {"min_pairs", R"({"policy_version": 1, "timing": "required", "min_pairs": 15})", "min_pairs",
     "inconclusive", kInconclusive, [] { return series(around(14, 1.0)); },
     [] { return series(around(15, 1.0)); }},
    {"looks", R"({"policy_version": 1, "timing": "required", "looks": 1})", "looks", "fail",
     kInconclusive, [] { return with_two_looks(); }, [] { return series(around(15, 1.0)); }},
    {"confirm, not measured again", R"({"policy_version": 1, "timing": "required",
     "confirm": true})",
     "decode", "inconclusive", kInconclusive, [] { return series(around(15, 0.95)); },
     [] { return series(around(15, 1.0)); }},
    {"confirm, repeated", R"({"policy_version": 1, "timing": "required", "confirm": true})",
     "decode", "fail", kRegression, [] { return confirmed_regression(); },
     [] { return series(around(15, 1.0)); }},
    {"max_noise_floor",
     R"({"policy_version": 1, "timing": "required",
         "max_noise_floor": {"decode": 0.01, "prefill": 0.01}})",
     "max_noise_floor", "inconclusive", kInconclusive, [] { return with_floor(0.005, 0.02); },
     [] { return with_floor(0.005, 0.005); }},
    {"max_noise_floor, none measured",
     R"({"policy_version": 1, "timing": "required",
         "max_noise_floor": {"decode": 0.01, "prefill": 0.01}})",
     "max_noise_floor", "inconclusive", kInconclusive, [] { return series(around(15, 1.0)); },
     [] { return with_floor(0.0, 0.0); }},
    {"prompts by text", R"({"policy_version": 1, "prompts": [{"text": "Once upon a time,"}]})",
     "prompts", "fail", kInconclusive,
     [] { return example_with([](Record& r) { r.prompts[0].text = "Once upon a time"; }); },
     [] { return example_record(); }},
    {"patches", R"({"policy_version": 1, "patches": ["gate_up_swiglu"]})", "patches", "fail",
     kVacuous, [] { return baseline_against_itself(); }, [] { return example_record(); }},
    {"max_age_days", R"({"policy_version": 1, "max_age_days": 1})", "max_age_days", "fail",
     kInconclusive,
     [] { return example_with([](Record& r) { r.created = "2025-01-31T11:59:59Z"; }); },
     [] { return example_record(); }},
    {"max_age_days, the future", R"({"policy_version": 1, "max_age_days": 1})", "max_age_days",
     "fail", kInconclusive,
     [] { return example_with([](Record& r) { r.created = "2025-02-02T12:00:01Z"; }); },
     [] { return example_with([](Record& r) { r.created = "2025-02-02T11:00:00Z"; }); }},
    {"max_age_days, no time", R"({"policy_version": 1, "max_age_days": 100000})", "max_age_days",
     "fail", kInconclusive,
     [] { return example_with([](Record& r) { r.created = "2025-02-30T00:00:00Z"; }); },
     [] { return example_record(); }},
    {"clean_tree", R"({"policy_version": 1, "clean_tree": true})", "clean_tree", "fail",
     kInconclusive, [] { return example_with([](Record& r) { r.program.git_dirty = true; }); },
     [] { return example_record(); }},
    {"clean_tree, no commit", R"({"policy_version": 1, "clean_tree": true})", "clean_tree", "fail",
     kInconclusive, [] { return example_with([](Record& r) { r.program.git_commit = ""; }); },
     [] { return example_record(); }},
    {"same_numerics", R"({"policy_version": 1, "same_numerics": true})", "same_numerics", "fail",
     kInconclusive, [] { return example_with([](Record& r) { r.numerics_version = 2; }); },
     [] { return example_record(); }},
};

TEST(GatePolicyDemands, StopOneCapsuleAndLetAnotherPass) {
  for (const Demand& demand : kDemands) {
    SCOPED_TRACE(demand.name);
    const GateResult stopped = gated(demand.stopped(), demand.policy);
    EXPECT_EQ(outcome_of(stopped, demand.check), demand.outcome);
    EXPECT_EQ(stopped.exit_code, demand.code);
    EXPECT_EQ(outcome_of(gated(demand.passed(), demand.policy), demand.check), "pass");
    EXPECT_EQ(gated(demand.passed(), demand.policy).exit_code, kPass);
  }
}

TEST(GatePolicyDemands, AreNoneOfACapsuleWithoutAPolicy) {
  for (const Demand& demand : kDemands) {
    if (std::string(demand.policy).empty()) continue;
    SCOPED_TRACE(demand.name);
    EXPECT_EQ(gated(demand.stopped(), "").exit_code, kPass);
  }
}

TEST(GateWithoutPolicy, ExitsAsTheVerdictDoes) {
  std::vector<Record> records = {example_record(),
                                 rounded_record(),
                                 tie_record(),
                                 approximate_record(),
                                 confirmed_regression(),
                                 with_series(around(15, 0.95)),
                                 with_series(around(15, 1.0, 0.2)),
                                 with_floor(0.5, 0.5)};
  for (const Demand& demand : kDemands) records.push_back(demand.stopped());
  for (Record record : records) {
    for (const bool timed : {false, true}) {
      record.options.require_timing = timed;
      EXPECT_EQ(gated(record, "").exit_code, judge(record).exit_code);
    }
    record.complete = false;
    record.interruption = "SIGINT";
    EXPECT_EQ(gated(record, "").exit_code, kInterrupted);
  }
}

TEST(GatePolicyTiming, IgnoredLetsARegressionPass) {
  const Record record = with_series(around(15, 0.9));
  EXPECT_EQ(gated(record, "").exit_code, kRegression);
  const GateResult ignored = gated(record, R"({"policy_version": 1, "timing": "ignored"})");
  EXPECT_EQ(ignored.exit_code, kPass);
  EXPECT_EQ(outcome_of(ignored, "decode"), "skipped");
}

TEST(GatePolicyInconclusive, MayPassButARegressionOrAnIncompleteCapsuleNever) {
  const char* policy =
      R"({"policy_version": 1, "timing": "required", "inconclusive": "pass", "min_pairs": 30})";
  const GateResult undecided = gated(series(around(15, 1.0, 0.2)), policy);
  EXPECT_EQ(undecided.exit_code, kPass);
  EXPECT_EQ(outcome_of(undecided, "decode"), "inconclusive");
  EXPECT_EQ(outcome_of(undecided, "min_pairs"), "inconclusive");
  EXPECT_EQ(gated(series(around(15, 0.95)), policy).exit_code, kRegression);
  Record incomplete = series(around(15, 1.0));
  incomplete.comparisons.pop_back();
  EXPECT_EQ(gated(incomplete, policy).exit_code, kInconclusive);
  EXPECT_EQ(gated(example_record(),
                  R"({"policy_version": 1, "inconclusive": "pass", "same_numerics": true,
                      "prompts": [{"text": "another"}]})")
                .exit_code,
            kInconclusive);
}

TEST(GatePolicyConfirm, SaysWhatToRun) {
  const char* policy = R"({"policy_version": 1, "timing": "required", "confirm": true})";
  EXPECT_THAT(sentence_of(gated(series(around(15, 0.95)), policy), "decode"),
              HasSubstr("not measured again: --confirm"));
}

TEST(GatePolicyPrompts, MayConcernOneModel) {
  const char* policy =
      R"({"policy_version": 1, "prompts": [{"text": "another", "model": "other-model"}]})";
  EXPECT_EQ(gated(example_record(), policy).exit_code, kPass);
  Record other = example_record();
  other.model.id = "other-model";
  EXPECT_EQ(gated(other, policy).exit_code, kInconclusive);
}

TEST(GatePolicyPrompts, MayBeGivenByTheirIds) {
  const std::string digest = example_record().prompts[1].ids_xxh3_128;
  const std::string policy =
      R"({"policy_version": 1, "prompts": [{"ids_xxh3_128": ")" + digest + R"("}]})";
  EXPECT_EQ(gated(example_record(), policy).exit_code, kPass);
  Record other = example_record();
  other.prompts[1].ids.push_back(3);
  other.prompts[1].ids_xxh3_128 = example_checksum(other.prompts[1].ids);
  EXPECT_EQ(gated(other, policy).exit_code, kInconclusive);
}

}  // namespace
}  // namespace fidelio::testing
