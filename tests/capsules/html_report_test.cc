// The HTML report: its figures are the capsule's, and it is a page that one may trust and read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>
#include <set>

#include "capsules/html_blocks.h"
#include "capsules/report.h"
#include "capsules/timing.h"
#include "capsules/verdict.h"
#include "tests/capsules/page.h"
#include "tests/capsules/rounded_record.h"
#include "tests/support/xmllint.h"

namespace fidelio::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string page_of(const Record& record) { return html_report({record}, {"c.json"}); }

/// patched / baseline of a pair, from the runs themselves.
double ratio_of(const Record& record, Phase phase, const std::string& prompt,
                const std::string& pair) {
  double baseline = 0, patched = 0;
  for (const RunRecord& run : record.runs)
    if (std::to_string(run.prompt) == prompt && std::to_string(run.pair) == pair)
      (run.arm == "baseline" ? baseline : patched) = tok_s(run, phase);
  return patched / baseline;
}

TEST(HtmlReport, PlotsEveryPairAtItsRatio) {
  const Record record = example_record();
  const std::string page = page_of(record);
  for (const auto& [phase, name] :
       {std::pair(Phase::decode, "decode"), {Phase::prefill, "prefill"}}) {
    const std::string where = std::string("data-phase=\"") + name + "\"";
    const std::vector<std::string> prompts = values_of(page, where, "data-prompt");
    const std::vector<std::string> pairs = values_of(page, where, "data-pair");
    const std::vector<std::string> ratios = values_of(page, where, "data-ratio");
    ASSERT_EQ(ratios.size(), 2U * kExamplePairs);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < ratios.size(); ++i) {
      EXPECT_EQ(std::stod(ratios[i]), ratio_of(record, phase, prompts[i], pairs[i]));
      EXPECT_TRUE(seen.insert(prompts[i] + "/" + pairs[i]).second);
    }
  }
}

TEST(HtmlReport, PlotsAnOtherRatioWhereARunTookLonger) {
  Record record = example_record();
  const std::string before = page_of(record);
  record.runs[4].decode_ns += record.runs[4].decode_ns / 10;
  const std::string where = "data-phase=\"decode\"";
  EXPECT_NE(values_of(before, where, "data-ratio"),
            values_of(page_of(record), where, "data-ratio"));
}

TEST(HtmlReport, PlotsEveryTimedRunsThroughputAndShare) {
  const Record record = example_record();
  std::vector<double> expected;
  for (const RunRecord& run : record.runs)
    if (run.pair >= 0) expected.push_back(tok_s(run, Phase::decode));
  std::vector<double> plotted;
  for (const std::string& value : values_of(page_of(record), "data-order=", "data-tok-s"))
    plotted.push_back(std::stod(value));
  ASSERT_EQ(plotted.size(), 2 * expected.size());  // decode, then prefill
  plotted.resize(expected.size());
  EXPECT_EQ(plotted, expected);

  const std::vector<std::string> shares =
      values_of(page_of(record), "class=\"baseline\" data-share", "data-share");
  ASSERT_EQ(shares.size(), 2U * kExamplePairs);
  const double rate = tok_s(record.runs[2], Phase::decode) * record.decode_bytes_per_token;
  EXPECT_DOUBLE_EQ(std::stod(shares[0]), rate / record.bandwidth[0].bytes_per_second);
}

TEST(HtmlReport, GivesTheVerdictThatTheRulesGive) {
  Record broken = example_record();
  broken.generations[0].patched.ids[3] += 1;
  broken.verdict.fidelity = "EXACT";  // stored, and not believed
  for (const Record& record : {example_record(), tie_record(), approximate_record(), broken}) {
    const VerdictRecord verdict = judge(record);
    const std::string page = page_of(record);
    const std::string where = "aria-label=\"Verdict\"";
    EXPECT_THAT(values_of(page, where, "data-fidelity"), ElementsAre(verdict.fidelity));
    EXPECT_THAT(values_of(page, where, "data-decode"), ElementsAre(verdict.decode));
    EXPECT_THAT(values_of(page, where, "data-prefill"), ElementsAre(verdict.prefill));
    EXPECT_THAT(values_of(page, where, "data-exit-code"),
                ElementsAre(std::to_string(verdict.exit_code)));
    EXPECT_LT(page.find("class=\"word\">" + verdict.fidelity), page.find("<table>"));
  }
  EXPECT_THAT(page_of(broken), HasSubstr("class=\"verdict fail\""));
  EXPECT_THAT(page_of(example_record()), HasSubstr("class=\"verdict pass\""));
}

TEST(HtmlReport, PlotsTheErrorsOfEachSite) {
  const Record record = rounded_record();
  const std::string page = page_of(record);
  for (const SiteRecord& site : record.sites) {
    const std::string where = "data-layer=\"" + std::to_string(site.layer) + "\"";
    std::vector<double> errors;
    for (const std::string& value : values_of(page, where, "data-error"))
      errors.push_back(std::stod(value));
    EXPECT_THAT(errors, ElementsAre(site.e_naive, site.e_baseline, site.e_patched));
  }
  EXPECT_THAT(page, HasSubstr("all within their limits"));
  EXPECT_THAT(page_of(example_record()), Not(HasSubstr("Errors by layer")));
}

TEST(HtmlReport, SaysWhichSitesFail) {
  Record record = rounded_record();
  record.sites[1].e_patched = std::nan("");
  EXPECT_THAT(page_of(record), HasSubstr("4 sites, 1 fail"));
}

TEST(HtmlReport, ShowsTheMarginOfEveryToken) {
  Record record = tie_record();
  record.comparisons[0].margins = {0.5F, 0.0625F, 3.0F};
  const std::string page = page_of(record);
  EXPECT_THAT(values_of(page, "data-token=", "data-margin"), ElementsAre("0.5", "0.0625", "3"));
  EXPECT_THAT(page, HasSubstr("the narrowest 0.062 at token 1"));
  EXPECT_THAT(page, HasSubstr("a tie up to 0.015"));

  Record exact = example_record();
  exact.comparisons[0].margins = {0.5F};
  EXPECT_THAT(page_of(exact), HasSubstr("Along the tokens"));
  EXPECT_THAT(page_of(exact), Not(HasSubstr("a tie up to")));
}

TEST(HtmlReport, OfMoreTokensThanItDrawsItShowsTheNarrowest) {
  Record record = example_record();
  std::vector<float>& margins = record.comparisons[0].margins;
  margins.assign(2 * kMaxHtmlMarks, 1);
  margins[5] = 0.25F;
  const std::string page = page_of(record);
  EXPECT_EQ(count_of(page, "data-token="), kMaxHtmlMarks);
  EXPECT_THAT(page, HasSubstr("token 5: margin 0.25, the narrowest of tokens 4 to 5"));
}

TEST(HtmlReport, ShowsWhereAlongTheTokensTheArmsDiffer) {
  const std::string page = page_of(tie_record());
  const auto positions = [&](const std::string& event) {
    return values_of(page, "data-event=\"" + event + "\"", "data-position");
  };
  EXPECT_THAT(positions("other token"), ElementsAre("6"));
  EXPECT_THAT(positions("same, routed"), ElementsAre("6"));
  EXPECT_THAT(positions("route flip"), ElementsAre("5"));
  EXPECT_THAT(positions("ids go apart"), ElementsAre("6"));
  EXPECT_THAT(page, HasSubstr("&quot; city&quot; for &quot; town&quot;"));
  EXPECT_THAT(page, HasSubstr("0.002, a tie up to 0.015"));
  EXPECT_THAT(page_of(example_record()), Not(HasSubstr("Along the tokens")));

  Record in_prompt = tie_record();
  in_prompt.route_flips[0].position = -4;
  EXPECT_THAT(page_of(in_prompt), HasSubstr("prompt token -4"));
}

TEST(HtmlReport, DrawsThePairsOfAnotherProcessApart) {
  Record record = example_record();
  record.launches = {{"measure", "2026-01-02T03:04:05Z", 1},
                     {"confirm", "2026-01-02T03:14:05Z", 1}};
  for (RunRecord& run : record.runs) run.launch = run.prompt;
  const std::string page = page_of(record);
  EXPECT_EQ(count_of(page, "<polygon class=\"confirm\" data-phase=\"decode\""), 15U);
  EXPECT_EQ(count_of(page, "class=\"launch\""), 2U);  // one a phase
  EXPECT_EQ(count_of(page_of(example_record()), "class=\"confirm\""), 0U);
}

TEST(HtmlReport, GivesSitesThatWereRefusedWithTheirReasons) {
  Record record = example_record();
  record.patches[0].refusals = {{"layers.7.mlp", "shared_intermediate", "read by two"}};
  const std::string page = page_of(record);
  EXPECT_THAT(page,
              HasSubstr("<td>layers.7.mlp</td><td>shared_intermediate</td><td>read by two</td>"));
}

TEST(HtmlReport, LeadsFromAnOverviewToEachCapsule) {
  const std::string page = html_report({example_record(), tie_record()}, {"a.json", "b&.json"});
  EXPECT_THAT(page, HasSubstr("<a href=\"#capsule-2\">b&amp;.json</a>"));
  EXPECT_THAT(page, HasSubstr("<article id=\"capsule-2\">"));
  EXPECT_THAT(page_of(example_record()), Not(HasSubstr("<nav")));
  EXPECT_THAT(html_report({}, {}), StartsWith("<!DOCTYPE html>"));
}

}  // namespace
}  // namespace fidelio::testing
