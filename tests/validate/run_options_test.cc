// The options of `validate run`: what each flag sets, what --stress implies, what is refused and
// how, and that a capsule's command line says the same again.
#include "validate/run_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tests/support/user_error.h"
#include "validate/budget.h"
#include "validate/record_context.h"
#include "validate/run_command_line.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// As `validate run MODEL …` parses them, checked.
RunOptions parse(std::vector<std::string> arguments) {
  CLI::App run;
  RunOptions options;
  bool called = false;
  add_run_options(run, options, [&] { called = true; });
  arguments.insert(arguments.begin(), "MODEL");
  std::reverse(arguments.begin(), arguments.end());
  run.parse(arguments);
  EXPECT_TRUE(called);
  check_run_options(options);
  return options;
}

std::string refusal(const std::vector<std::string>& arguments) {
  return user_error_of([&] { parse(arguments); });
}

/// Everything that a flag can set and a capsule's command line must repeat.
std::vector<std::string> repeated(const RunOptions& options) {
  return command_line_of(options, options.model);
}

TEST(RunOptions, HaveTheDocumentedDefaults) {
  const RunOptions options = parse({});
  EXPECT_EQ(options.runs, 15);
  EXPECT_EQ(options.max_tokens, 1000);
  EXPECT_THAT(options.widths, ElementsAre(1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33));
  EXPECT_EQ(options.sampled_steps, 8);
  EXPECT_THAT(options.lengths, IsEmpty());
  EXPECT_FALSE(options.budget);
  EXPECT_FALSE(options.prompts_file);
  EXPECT_FALSE(options.ignore_eos);
}

TEST(RunOptions, StressIsTheBuiltInSetOnceAndLong) {
  const RunOptions options = parse({"--stress"});
  EXPECT_EQ(options.prompts_file, "builtin");
  EXPECT_EQ(options.max_tokens, 2048);
  EXPECT_EQ(options.runs, 1);
  EXPECT_TRUE(options.ignore_eos);
  EXPECT_THAT(options.lengths, ElementsAre(256, 1024, 2048));
}

TEST(RunOptions, WhatIsGivenBesideStressWins) {
  const RunOptions options =
      parse({"--stress", "--runs", "15", "--max-tokens", "1000", "--prompt", "Once upon a time"});
  EXPECT_EQ(options.runs, 15);
  EXPECT_EQ(options.max_tokens, 1000);
  EXPECT_FALSE(options.prompts_file);
  EXPECT_EQ(options.prompt, "Once upon a time");
  EXPECT_EQ(parse({"--prompts", "mine.txt", "--stress"}).prompts_file, "mine.txt");
  EXPECT_FALSE(parse({"--stress", "--prompt-ids", "1,2"}).prompts_file);
  EXPECT_THAT(parse({"--stress", "--lengths", "3,5"}).lengths, ElementsAre(3, 5));
}

TEST(RunOptions, StressCutsItsLengthsToMaxTokens) {
  EXPECT_THAT(parse({"--stress", "--max-tokens", "1000"}).lengths, ElementsAre(256, 1000));
  EXPECT_THAT(parse({"--stress", "--max-tokens", "1024"}).lengths, ElementsAre(256, 1024));
  EXPECT_THAT(parse({"--stress", "--max-tokens", "20"}).lengths, ElementsAre(20));
  EXPECT_THAT(parse({"--stress", "--max-tokens", "9999"}).lengths, ElementsAre(256, 1024, 2048));
}

TEST(RunOptions, LengthsNeedNoStress) {
  const RunOptions options = parse({"--lengths", "1,10,1000"});
  EXPECT_THAT(options.lengths, ElementsAre(1, 10, 1000));
  EXPECT_EQ(options.runs, 15);
}

TEST(RunOptions, LengthsAscendWithinTheRun) {
  EXPECT_EQ(refusal({"--lengths", "256,1000,1001"}),
            "--lengths: found 1001, expected 1 to 1000 (--max-tokens)");
  EXPECT_EQ(refusal({"--lengths", "0,5"}), "--lengths: found 0, expected 1 to 1000 (--max-tokens)");
  EXPECT_EQ(refusal({"--lengths", "5,5"}),
            "--lengths: found 5 after 5, expected ascending lengths");
  EXPECT_EQ(refusal({"--lengths", "9,5"}),
            "--lengths: found 5 after 9, expected ascending lengths");
  EXPECT_EQ(refusal({"--lengths", "256,1k"}),
            "--lengths: found \"1k\", expected numbers such as 256,1024,2048");
  EXPECT_THAT(refusal({"--lengths", "256,"}), HasSubstr("found \"\""));
  EXPECT_THAT(refusal({"--stress", "--lengths", "4096"}), HasSubstr("expected 1 to 2048"));
}

TEST(RunOptions, WidthsAreAListOrAll) {
  EXPECT_THAT(parse({"--widths", "1,7"}).widths, ElementsAre(1, 7));
  const std::vector<std::int64_t> all = parse({"--widths", "all"}).widths;
  ASSERT_EQ(all.size(), 33U);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], static_cast<std::int64_t>(i) + 1);
}

TEST(RunOptions, WidthsAreChecked) {
  EXPECT_EQ(refusal({"--widths", "some"}),
            "--widths: found \"some\", expected all, or numbers such as 1,2,7");
  EXPECT_EQ(refusal({"--widths", "1,99999999999999999999"}),
            "--widths: found \"99999999999999999999\", expected all, or numbers such as 1,2,7");
  EXPECT_EQ(refusal({"--widths", "1,4097"}), "--widths: found 4097, expected 1 to 4096");
  EXPECT_EQ(refusal({"--widths", "2,3"}),
            "--widths: found no 1, expected the decode width 1 among them");
}

TEST(RunOptions, SampledStepsAreBounded) {
  EXPECT_EQ(parse({"--sampled-steps", "0"}).sampled_steps, 0);
  EXPECT_EQ(parse({"--sampled-steps", "4096"}).sampled_steps, 4096);
  EXPECT_EQ(refusal({"--sampled-steps", "4097"}),
            "--sampled-steps: found 4097, expected 0 to 4096");
  EXPECT_EQ(refusal({"--sampled-steps", "-1"}), "--sampled-steps: found -1, expected 0 to 4096");
}

TEST(RunOptions, ABudgetHasFourFiguresInAnyOrder) {
  const BudgetRecord budget =
      parse({"--budget", "same_top_p=0.98,rms_dp=0.02,mean_kld=1e-2,kld_99.9=0.1"}).budget.value();
  EXPECT_EQ(budget.mean_kld, 0.01);
  EXPECT_EQ(budget.kld_99_9, 0.1);
  EXPECT_EQ(budget.rms_delta_p, 0.02);
  EXPECT_EQ(budget.same_top_p, 0.98);
}

TEST(RunOptions, ABudgetThatLacksOrDoublesAFigureIsRefused) {
  EXPECT_EQ(refusal({"--budget", "mean_kld=0.01,kld_99.9=0.1,same_top_p=0.98"}),
            "--budget: found no rms_dp, expected all of mean_kld, kld_99.9, rms_dp, same_top_p");
  EXPECT_EQ(refusal({"--budget", "mean_kld=0.01,mean_kld=0.02"}),
            "--budget: found mean_kld twice, expected it once");
  EXPECT_EQ(refusal({"--budget", "kld_99_9=0.1"}),
            "--budget: found \"kld_99_9\", expected mean_kld, kld_99.9, rms_dp, same_top_p; did "
            "you mean \"kld_99.9\"?");
  EXPECT_EQ(refusal({"--budget", "0.01"}),
            "--budget: found \"0.01\", expected KEY=NUMBER with one of mean_kld, kld_99.9, rms_dp, "
            "same_top_p");
  EXPECT_THAT(user_error_of([] { parse_budget(""); }), HasSubstr("found \"\""));
  EXPECT_THAT(refusal({"--budget", "mean_kld=0.01,"}), HasSubstr("found \"\""));
}

TEST(RunOptions, ABudgetsFiguresAreChecked) {
  for (const char* value : {"", "x", "0.1x", "-0.1", "nan", "inf", "1e999", " 1"}) {
    EXPECT_EQ(
        refusal({"--budget", std::string("mean_kld=") + value}),
        std::string("--budget: mean_kld: found \"") + value + "\", expected a number of 0 or more");
  }
  EXPECT_EQ(refusal({"--budget", "same_top_p=98"}),
            "--budget: same_top_p: found \"98\", expected a share from 0 to 1 (not in percent)");
  EXPECT_EQ(refusal({"--budget", "rms_dp=2"}),
            "--budget: rms_dp: found \"2\", expected a share from 0 to 1 (not in percent)");
  EXPECT_THAT(refusal({"--budget", "kld_99.9=-1"}), HasSubstr("kld_99.9: found \"-1\""));
}

TEST(RunOptions, ACapsulesCommandLineParsesToTheSameOptions) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"--stress"},
      {"--stress", "--max-tokens", "100", "--widths", "all", "--sampled-steps", "0"},
      {"--lengths", "8,16", "--budget", "mean_kld=0.1,kld_99.9=1e-07,rms_dp=0,same_top_p=1"},
      {"--prompts", "./builtin", "--ignore-eos"},
  };
  for (const std::vector<std::string>& line : lines) {
    const std::vector<std::string> first = repeated(parse(line));
    ASSERT_THAT(std::vector<std::string>(first.begin(), first.begin() + 3),
                ElementsAre("validate", "run", "MODEL"));
    EXPECT_EQ(repeated(parse({first.begin() + 3, first.end()})), first);
  }
}

TEST(RunOptions, ACapsulesCommandLineNamesEveryNewOption) {
  const std::vector<std::string> line = repeated(
      parse({"--stress", "--budget", "mean_kld=0.1,kld_99.9=1,rms_dp=0.5,same_top_p=0.25"}));
  EXPECT_THAT(line, AllOf(Contains("builtin"), Contains("256,1024,2048"), Contains("--ignore-eos"),
                          Contains("--sampled-steps"), Contains("2048"),
                          Contains("mean_kld=0.1,kld_99.9=1,rms_dp=0.5,same_top_p=0.25")));
  EXPECT_THAT(repeated(parse({})),
              ::testing::Not(::testing::AnyOf(Contains("--budget"), Contains("--lengths"))));
}

TEST(RunOptions, ACapsulesCommandLineTellsAFileFromTheSet) {
  EXPECT_THAT(repeated(parse({"--prompts", "builtin"})), Contains("builtin"));
  EXPECT_THAT(repeated(parse({"--prompts", "./builtin"})), Contains("./builtin"));
  EXPECT_THAT(repeated(parse({"--prompts", "/somewhere/builtin"})), Contains("./builtin"));
  EXPECT_THAT(repeated(parse({"--prompts", "/somewhere/mine.txt"})), Contains("mine.txt"));
}

}  // namespace
}  // namespace fidelio::testing
