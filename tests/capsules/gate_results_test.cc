// Several capsules together, the checks of each patch, and what the gate prints. What each demand
// of a policy stops is gate_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capsules/exit_code.h"
#include "capsules/gate_evidence.h"
#include "tests/capsules/gated.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(GatePolicyModels, EachNeedsACapsule) {
  const GateContext context =
      context_of(R"({"policy_version": 1, "models": ["tiny-moe", "large-moe"]})");
  std::vector<NamedCapsule> capsules = {{"a.json", stored(example_record())}};
  std::vector<GateResult> results = gate(capsules, context);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1].name, "all capsules");
  EXPECT_EQ(combined_exit_code(results), kInconclusive);
  EXPECT_THAT(gate_text(results), HasSubstr("no capsule of large-moe"));

  capsules.push_back(capsules.front());
  capsules.back().record.model.id = "large-moe";
  results = gate(capsules, context);
  EXPECT_EQ(combined_exit_code(results), kPass);
  EXPECT_THAT(gate_text(results), HasSubstr("all capsules: pass"));
}

/// Decode regressions of many capsules, one of which is slower by chance.
std::vector<NamedCapsule> family(int n, const std::vector<double>& slow) {
  std::vector<NamedCapsule> out;
  for (int i = 0; i < n; ++i) out.push_back({"same.json", stored(series(around(15, 1.0)))});
  out.push_back({"slow.json", stored(series(slow))});
  return out;
}

TEST(GatePolicyHolm, LeavesAWeakRegressionAmongManyUndecided) {
  // One pair of 15 is far above: p is 0.8%, below 5% alone and among 2 phases, not among 40.
  std::vector<double> weak = around(15, 0.965, 0.006);
  weak[3] = 0.09;
  const char* alone = R"({"policy_version": 1, "timing": "required"})";
  const char* together = R"({"policy_version": 1, "timing": "required", "holm": true})";
  EXPECT_EQ(gate(family(19, weak), context_of(alone)).back().exit_code, kRegression);
  const GateResult adjusted = gate(family(19, weak), context_of(together)).back();
  EXPECT_EQ(outcome_of(adjusted, "decode"), "inconclusive");
  EXPECT_THAT(sentence_of(adjusted, "decode"), HasSubstr("(Holm)"));
  EXPECT_EQ(gate(family(0, weak), context_of(together)).back().exit_code, kRegression);
  EXPECT_EQ(gate(family(19, around(15, 0.95)), context_of(together)).back().exit_code, kRegression);
}

TEST(GateChecks, NameEachPatch) {
  Record record = example_record();
  record.options.patches_by_name = false;
  record.options.patches.emplace_back("down_combine");
  record.patches.push_back({"down_combine", "bit_exact", false, 0, 0, {}, {}});
  record.patches.back().refusals.push_back({"l0.down", "shared_intermediate", ""});
  GateResult result = gated(record, "");
  EXPECT_EQ(outcome_of(result, "applied", "gate_up_swiglu"), "pass");
  EXPECT_EQ(outcome_of(result, "sites", "gate_up_swiglu"), "pass");
  EXPECT_EQ(outcome_of(result, "applied", "down_combine"), "skipped");
  EXPECT_EQ(outcome_of(result, "sites", "down_combine"), "skipped");
  EXPECT_EQ(result.exit_code, kPass);

  record.patches.back().requested_by_name = true;
  result = gated(record, "");
  EXPECT_EQ(outcome_of(result, "applied", "down_combine"), "fail");
  EXPECT_EQ(result.exit_code, kVacuous);

  record = example_record();
  record.sites[2].differing_rows = 1;
  result = gated(record, "");
  EXPECT_EQ(outcome_of(result, "sites", "gate_up_swiglu"), "fail");
  EXPECT_EQ(result.exit_code, kFidelity);
}

TEST(GateText, NamesWhatFailedAndWhatCouldNotBeDecided) {
  const GateResult result =
      gated(series(around(14, 0.95)),
            R"({"policy_version": 1, "timing": "required", "min_pairs": 15, "clean_tree": true})");
  const std::string text = gate_text({result});
  EXPECT_THAT(text, HasSubstr("\n  all patches, decode: fail: decode regression"));
  EXPECT_THAT(text, HasSubstr("\n  all patches, min_pairs: inconclusive: 14 pairs measured"));
  EXPECT_THAT(text, Not(HasSubstr("clean_tree")));
}

TEST(SecondsOf, ReadsUtcTimesAndNothingElse) {
  EXPECT_EQ(seconds_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(seconds_of("2025-02-01T12:00:00Z"), kDayAfterTheExample);
  EXPECT_EQ(seconds_of("2024-02-29T00:00:00Z"), 1709164800);
  for (const char* text :
       {"", "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-01-01T24:00:00Z",
        "2025-01-01 00:00:00Z", "2025-01-01T00:00:00", "2025-01-01T00:00:00+01:00",
        "20x5-01-01T00:00:00Z", "-025-01-01T00:00:00Z", "2025-01-01T00:-1:00Z"})
    EXPECT_EQ(seconds_of(text), std::nullopt) << text;
}

}  // namespace
}  // namespace fidelio::testing
