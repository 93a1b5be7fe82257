// The verdicts of sound runs, their sentences, and that no figure gets better by being none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/capsules/expect_verdict.h"
#include "tests/capsules/rounded_record.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(PassingRules, SayWhatRoundingDidToEqualIds) {
  EXPECT_EQ(judge(rounded_record()).sentence,
            "64 tokens compared, all ids equal; logits differ by rounding only: 3 of 4 sites "
            "nearer to the truth than the baseline");
}

TEST(PassingRules, ARouteTieThatChangesNoTokenIsTokenExactAndSaid) {
  Record record = rounded_record();
  comparison_of(record, 0, 1, "routed").route_flips = 2;
  record.route_flips = {{0, 1, 2, 1, 5, {3}, {12}, 1e-6}, {0, 1, 3, 1, 5, {3}, {12}, 1e-6}};
  expect_verdict(record, "TOKEN_EXACT", kPass);
  EXPECT_THAT(judge(record).sentence, HasSubstr("2 route ties at layers 2, 3"));
}

TEST(PassingRules, NameTheTokenTheMarginAndTheExpertOfATie) {
  EXPECT_EQ(judge(tie_record()).sentence,
            "prompt 0, step 6: patched says ' city', baseline ' town'; margin 0.002 is 0.4 sigma, "
            "one route tie at layer 2; ids differ in 1 of 2 prompts; 3 of 4 sites nearer to the "
            "truth than the baseline: a tie, not a defect");
}

TEST(PassingRules, SayThatAWideFreeMarginVanishesWithTheBaselinesExperts) {
  Record record = tie_record();
  ComparisonRecord& routed = comparison_of(record, 0, 1, "routed");
  routed.argmax_changes = 0;
  routed.first_argmax_change.reset();
  routed.first_change.reset();
  routed.widest_change.reset();
  EXPECT_THAT(judge(record).sentence,
              HasSubstr("margin 0.002, the same token with the baseline's experts, one route tie"));
}

TEST(PassingRules, AChangeInOneWidthAloneIsATieFlip) {
  Record record = rounded_record();
  add_change(comparison_of(record, 1, 5, "free"), 9);
  add_change(comparison_of(record, 1, 5, "routed"), 9);
  expect_verdict(record, "TIE_FLIP", kPass);
  EXPECT_THAT(judge(record).sentence, HasSubstr("prompt 1, step 9 in steps of 5 tokens"));
}

TEST(PassingRules, CountTheChangesBeyondTheFirst) {
  Record record = tie_record();
  for (const char* routing : {"free", "routed"})
    add_change(comparison_of(record, 0, 2, routing), 6);
  EXPECT_THAT(judge(record).sentence, HasSubstr("; one more change; ids differ"));
}

TEST(PassingRules, LetNoTokenActOnATerminal) {
  Record record = tie_record();
  comparison_of(record, 0, 1, "free").first_change->patched_text = "\x1b[2J\n'";
  EXPECT_THAT(judge(record).sentence, HasSubstr("patched says '?[2J\\n\\'', baseline"));
}

TEST(PassingRules, TimingDecidesAsForAnExactRun) {
  Record record = tie_record();
  record.options.require_timing = true;
  expect_verdict(record, "TIE_FLIP", kPass);
  for (RunRecord& run : record.runs)
    if (run.arm == "patched") run.decode_ns *= 2;
  expect_verdict(record, "TIE_FLIP", kRegression);
}

TEST(PassingRules, TheWeakestAppliedClassCounts) {
  Record record = rounded_record();
  record.patches.push_back({"down_combine", "approximate", false, 0, 0, {}, {}});
  expect_verdict(record, "VACUOUS", kVacuous);  // by name, and idle
  record.options.patches_by_name = false;
  expect_verdict(record, "TOKEN_EXACT", kPass);
  record.patches[1].calls = 1;
  record.sites[0].patch = "down_combine";
  expect_verdict(record, "APPROXIMATE", kFidelity);  // without a budget
}

/// The better the verdict, the higher.
int rank_of(const std::string& fidelity) {
  const std::vector<std::string> order = {
      "BROKEN",      "NONDETERMINISTIC", "VACUOUS",     "INCOMPLETE",
      "APPROXIMATE", "TIE_FLIP",         "TOKEN_EXACT", "EXACT"};
  return static_cast<int>(std::find(order.begin(), order.end(), fidelity) - order.begin());
}

/// Calls `visit` with each figure of the record's fidelity.
template <class Visit>
void each_figure(Record& record, const Visit& visit) {
  for (ComparisonRecord& c : record.comparisons) {
    for (double* figure : {&c.max_abs_err, &c.metrics.mean_kld, &c.metrics.kld_99_9,
                           &c.metrics.maximum_kld, &c.metrics.rms_delta_p, &c.metrics.same_top_p})
      visit(*figure);
    if (c.first_change) visit(c.first_change->margin);
    if (c.widest_change) visit(c.widest_change->margin);
  }
  for (RouteFlipRecord& flip : record.route_flips) visit(flip.gap);
  for (RouterNoiseRecord& n : record.router_noise)
    for (double* figure : {&n.rms_baseline, &n.rms_naive}) visit(*figure);
  for (ReferenceRecord& r : record.references)
    for (double* figure : {&r.sigma_baseline, &r.sigma_naive, &r.e_patched}) visit(*figure);
  for (SiteRecord& s : record.sites)
    for (double* figure : {&s.e_baseline, &s.e_naive, &s.e_patched, &s.worst_e_baseline,
                           &s.worst_e_naive, &s.worst_e_patched})
      visit(*figure);
  if (!record.options.budget) return;
  BudgetRecord& b = *record.options.budget;
  for (double* figure : {&b.mean_kld, &b.kld_99_9, &b.rms_delta_p, &b.same_top_p}) visit(*figure);
}

TEST(Figures, NeverImproveAVerdictByBeingNoNumber) {
  Record failing = rounded_record();
  failing.sites[2].e_patched = 1;
  Record outside = approximate_record();
  outside.options.budget->mean_kld = 0;
  for (Record record :
       {example_record(), rounded_record(), tie_record(), approximate_record(), failing, outside}) {
    const VerdictRecord sound = judge(record);
    each_figure(record, [&](double& figure) {
      const double before = figure;
      for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        figure = value;
        const VerdictRecord verdict = judge(record);
        EXPECT_LE(rank_of(verdict.fidelity), rank_of(sound.fidelity)) << verdict.sentence;
        const bool passes = verdict.exit_code == kPass;
        // An infinite budget is one that allows everything.
        EXPECT_FALSE(std::isnan(value) && passes && sound.exit_code != kPass) << verdict.sentence;
      }
      figure = before;
    });
  }
}

}  // namespace
}  // namespace fidelio::testing
