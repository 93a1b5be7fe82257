// What a report says of fidelity: comparisons, sites, route flips, and how often texts diverge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "capsules/report.h"
#include "capsules/report_sections.h"
#include "tests/capsules/rounded_record.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(FidelitySection, GivesEqualComparisonsALineAndNoRow) {
  const ReportSection section = fidelity_section(example_record());
  EXPECT_THAT(section.lines,
              ElementsAre("6 comparisons bitwise equal: 192 positions, steps of 1, 2, 5 tokens"));
  EXPECT_THAT(section.table, IsEmpty());
}

TEST(FidelitySection, GivesEachDifferingComparisonItsMetricsFreeBeforeRouted) {
  Record record = example_record();
  ComparisonRecord& free = record.comparisons[4];
  free.differing_positions = 3;
  free.max_abs_err = 0.5;
  free.argmax_changes = 1;
  free.metrics = {0.0113, 0.307, 1.2, -0.003, 0.0208, 0.96875, 1.01};
  ComparisonRecord routed = free;
  routed.routing = "routed";
  routed.route_flips = 2;
  record.comparisons.push_back(routed);

  const ReportSection section = fidelity_section(record);

  EXPECT_THAT(section.lines[0], HasSubstr("5 comparisons bitwise equal"));
  ASSERT_THAT(section.table, SizeIs(3));
  EXPECT_THAT(section.table[1], ElementsAre("1", "2", "free", "3 of 32", "0.5", "1", "-", "0.011",
                                            "0.31", "1.2", "2.1%", "96.88%", "1.01000"));
  EXPECT_EQ(section.table[2][2], "routed");
  EXPECT_EQ(section.table[2][6], "2");
}

TEST(FidelitySection, SaysHowFarTheLogitsLieFromTheReference) {
  Record record = rounded_record();
  EXPECT_THAT(fidelity_section(record).lines[0],
              "prompt 0, logits against truth over 64 steps: E(baseline) 2e-06, E(naive) 7e-06, "
              "E(patched) 1e-06; sigma of a margin 0.005");
  record.references[0].steps = 63;
  EXPECT_THAT(fidelity_section(record).lines[0], HasSubstr("too few steps for sigma"));
}

TEST(SitesSection, GivesBitExactSitesALine) {
  EXPECT_THAT(sites_section(example_record()).lines,
              ElementsAre("4 bit_exact sites equal on the same inputs: 512 rows"));
  EXPECT_THAT(sites_section(example_record()).table, IsEmpty());
}

TEST(SitesSection, PutsTheWorstFirstAndSaysWhoIsNearer) {
  Record record = rounded_record();
  record.sites[2].worst_e_patched = 1.36e-5;
  record.sites[3].e_patched = std::nan("");
  const ReportSection section = sites_section(record);
  ASSERT_THAT(section.table, SizeIs(5));
  EXPECT_EQ(section.table[1][1], "%l3.swiglu");
  EXPECT_EQ(section.table[1][8], "fails");
  EXPECT_THAT(section.table[2],
              ElementsAre("2", "%l2.swiglu", "gate_up_swiglu", "gate_up_swiglu", "90 of 128",
                          "1e-07", "4e-07", "6e-08", "0.89", "patched"));
  EXPECT_EQ(section.table[3][9], "baseline");
}

TEST(SitesSection, ShowsWhereASiteFails) {
  Record record = rounded_record();
  record.sites[1].e_patched = 2e-6;
  EXPECT_EQ(sites_section(record).table[1][8], "2.2 fails");
  record.sites[2].wrong_expert_rows = 1;
  EXPECT_EQ(sites_section(record).table[1][8], "fails");
  record = example_record();
  record.sites[0].differing_rows = 2;
  EXPECT_EQ(sites_section(record).table[1][8], "fails");
}

TEST(SitesSection, ListsTwelveAndCountsTheRest) {
  Record record = rounded_record();
  for (int i = 0; i < 30; ++i) record.sites.push_back(record.sites[0]);
  const ReportSection section = sites_section(record);
  EXPECT_THAT(section.table, SizeIs(13));
  EXPECT_EQ(section.lines.back(), "the 12 sites nearest to their limit; 22 more are farther");
}

TEST(RouteFlipsSection, PutsTheWidestAgainstTheirNoiseFirst) {
  Record record = tie_record();
  record.route_flips.push_back({0, 1, 3, 4, 9, {3, 4}, {1, 2}, 2.1e-5});
  ReportSection section = route_flips_section(record);
  ASSERT_THAT(section.table, SizeIs(3));
  EXPECT_THAT(section.table[1],
              ElementsAre("0", "1", "3", "4", "9", "1 2 for 3 4", "2.1e-05", "4e-06", "no tie"));
  EXPECT_EQ(section.table[2].back(), "tie");

  record.router_noise.clear();
  EXPECT_EQ(route_flips_section(record).table[1].back(), "not measured");
  EXPECT_THAT(route_flips_section(example_record()).lines, IsEmpty());
}

/// Five prompts of which two diverge, at tokens 6 and 20.
Record five_prompts() {
  Record record = example_record();
  record.generations.clear();
  for (std::int64_t prompt = 0; prompt < 5; ++prompt) {
    const SequenceRecord sequence{example_ids(0), "max_tokens", example_digest(1)};
    record.generations.push_back({prompt, sequence, sequence});
  }
  record.generations[1].patched.ids[6] += 1;
  record.generations[3].patched.ids[20] += 1;
  return record;
}

TEST(DivergenceSection, GivesARateWithItsInterval) {
  const ReportSection section = divergence_section(five_prompts());
  EXPECT_THAT(section.lines, ElementsAre("2 of 5 prompts diverge: 40% (12% to 77%)"));
  EXPECT_THAT(section.table, IsEmpty());
}

TEST(DivergenceSection, GivesTheStressMatrix) {
  Record record = five_prompts();
  record.options.lengths = {6, 16, 32};
  const ReportSection section = divergence_section(record);
  EXPECT_THAT(section.lines,
              ElementsAre("2 of 5 prompts diverge: 40% (12% to 77%)",
                          "within 6 tokens 0 of 5 prompts diverge: 0% (0% to 43%)",
                          "within 16 tokens 1 of 5 prompts diverge: 20% (4% to 62%)",
                          "within 32 tokens 2 of 5 prompts diverge: 40% (12% to 77%)"));
  ASSERT_THAT(section.table, SizeIs(6));
  EXPECT_THAT(section.table[0], ElementsAre("prompt", "6 tokens", "16 tokens", "32 tokens"));
  EXPECT_THAT(section.table[2], ElementsAre("1", "same", "6", "6"));
  EXPECT_THAT(section.table[4], ElementsAre("3", "same", "same", "20"));
}

TEST(DivergenceSection, CountsNoTextThatIsTooShortAndHadNotEnded) {
  Record record = five_prompts();
  record.options.lengths = {64};
  ReportSection section = divergence_section(record);
  EXPECT_THAT(section.lines, SizeIs(1));  // else only those that diverge would count
  EXPECT_EQ(section.table[1][1], "-");
  EXPECT_EQ(section.table[2][1], "6");

  for (const std::size_t prompt : {0U, 1U}) record.generations[prompt].baseline.stop = "eos";
  section = divergence_section(record);
  EXPECT_THAT(section.lines[1], HasSubstr("within 64 tokens 1 of 2 prompts diverge"));
  EXPECT_EQ(section.table[1][1], "same");
}

TEST(Reports, HaveTheSectionsOfFidelityAndNoEmptyOne) {
  for (const std::string& text :
       {text_report({tie_record()}, false), markdown_report({tie_record()})})
    EXPECT_THAT(text, AllOf(HasSubstr("Fidelity"), HasSubstr("Sites, on the baseline's inputs"),
                            HasSubstr("Route flips"), HasSubstr("Divergence")));
  EXPECT_THAT(text_report({example_record()}, false), Not(HasSubstr("Route flips")));
}

TEST(CsvReport, HasTheFidelityOfEachRunsPrompt) {
  const std::string text = csv_report({tie_record()});
  EXPECT_THAT(text,
              HasSubstr(",fidelity,first_divergence,mean_kld,kld_99_9,rms_delta_p,same_top_p\r\n"));
  EXPECT_THAT(text, HasSubstr(",TIE_FLIP,6,1e-09,4e-08,2e-05,0.96875\r\n"));
  EXPECT_THAT(text, HasSubstr(",TIE_FLIP,,1e-09,4e-08,2e-05,1\r\n"));
}

TEST(Reports, LetNoTextOfFidelityActOnTheTerminal) {
  Record record = tie_record();
  record.sites[0].site = record.sites[1].op = record.sites[2].patch = "\x1b[2J";
  record.references[0].reference = "\x1b[31m\nVERDICT EXACT";
  comparison_of(record, 0, 1, "free").first_change->baseline_text = "\x1b]0;x\x07";
  for (const std::string& text :
       {text_report({record}, false), markdown_report({record}), csv_report({record})})
    EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\nVERDICT EXACT"))));
}

}  // namespace
}  // namespace fidelio::testing
