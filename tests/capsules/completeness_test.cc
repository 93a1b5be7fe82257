// A capsule that lacks evidence it claims never passes, however equal the rest is.
#include "capsules/completeness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capsules/exit_code.h"
#include "capsules/verdict.h"
#include "tests/capsules/example_record.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

TEST(Completeness, TheExampleLacksNothing) { EXPECT_EQ(missing_evidence(example_record()), ""); }

TEST(Completeness, NeedsAPrompt) {
  Record record;
  record.complete = true;
  expect_incomplete(record, "no prompt");
}

TEST(Completeness, NeedsTheTokensOfEachPrompt) {
  Record record = example_record();
  record.generations.pop_back();
  expect_incomplete(record, "prompt 1 has no generated tokens");
}

TEST(Completeness, NeedsAllTokensWhereNoEndOfTextCame) {
  Record record = example_record();
  GenerationRecord& g = record.generations[0];
  g.baseline.ids.resize(30);
  g.patched.ids.resize(30);
  expect_incomplete(record, "30 of 32 generated tokens, and no end of text");
  g.baseline.stop = g.patched.stop = "eos";
  EXPECT_EQ(missing_evidence(record), "");
}

TEST(Completeness, NeedsAComparisonAtEachWidthAskedFor) {
  Record record = example_record();
  std::erase_if(record.comparisons,
                [](const ComparisonRecord& c) { return c.prompt == 1 && c.width == 5; });
  expect_incomplete(record, "prompt 1 has no comparison in steps of 5 tokens");
}

TEST(Completeness, NeedsTheComparisonAtOneTokenThoughItWasNotAskedFor) {
  Record record = example_record();
  record.options.widths = {2, 5};
  EXPECT_EQ(missing_evidence(record), "");
  std::erase_if(record.comparisons, [](const ComparisonRecord& c) { return c.width == 1; });
  expect_incomplete(record, "no comparison in steps of 1 tokens");
}

TEST(Completeness, AComparisonOfNoPositionIsNone) {
  Record record = example_record();
  record.comparisons[2].positions = 0;
  expect_incomplete(record, "no comparison in steps of 5 tokens");
}

TEST(Completeness, NeedsAllTokensComparedAtOneTokenAStep) {
  Record record = example_record();
  record.comparisons[1].positions = record.comparisons[2].positions = 16;  // wider steps may sample
  EXPECT_EQ(missing_evidence(record), "");
  record.comparisons[0].positions = 16;
  expect_incomplete(record, "16 of 32 generated tokens compared");
}

TEST(Completeness, NeedsChecksumsSinceTwoEmptyOnesAreEqual) {
  Record record = example_record();
  record.comparisons[1].baseline_logit_xxh3_128 = "";
  record.comparisons[1].patched_logit_xxh3_128 = "";
  expect_incomplete(record, "no checksum of the logits in steps of 2 tokens");

  record = example_record();
  record.generations[1].baseline.logit_xxh3_128 = "";
  record.generations[1].patched.logit_xxh3_128 = "";
  expect_incomplete(record, "prompt 1 has no checksum of its free runs' logits");

  record = example_record();
  for (RunRecord& run : record.runs) run.logit_xxh3_128 = "";
  expect_incomplete(record, "run 0 has no checksum");
}

TEST(Completeness, NeedsEachPairWithBothArms) {
  Record record = example_record();
  record.runs.pop_back();
  expect_incomplete(record, "prompt 1 has 14 of 15 pairs");
  record.runs.clear();
  expect_incomplete(record, "prompt 0 has 0 of 15 pairs");
}

TEST(TokensCompared, CountsWhatComparisonsCover) {
  Record record = example_record();
  EXPECT_EQ(tokens_compared_text(record), "64 tokens compared");
  record.comparisons[0].positions = 10;
  EXPECT_EQ(tokens_compared_text(record), "42 of 64 generated tokens compared");
  record.comparisons.clear();
  EXPECT_EQ(tokens_compared_text(record), "0 of 64 generated tokens compared");
}

TEST(TokensCompared, SaysWhereEosCutARunShort) {
  Record record = example_record();
  record.generations[1].baseline.stop = record.generations[1].patched.stop = "eos";
  record.options.max_tokens = 1000;
  EXPECT_EQ(tokens_compared_text(record),
            "64 tokens compared, prompt 1 stopped at EOS after 32 of 1000 tokens");
}

}  // namespace
}  // namespace fidelio::testing
