// Which pairs come next, and in which process: stages as a function of a record, with pairs that
// are made up. That real processes follow them is launch_command_test.cc.
#include "validate/launches.h"

#include <gtest/gtest.h>

#include <vector>

#include "capsules/timing.h"
#include "validate/interrupt.h"
#include "validate/timed_pairs.h"

namespace fidelio::testing {
namespace {

RunRecord made_up_run(const Record& record, std::int64_t pair, const char* arm, double speed) {
  RunRecord run;
  run.order = static_cast<std::int64_t>(record.runs.size());
  run.pair = pair;
  run.arm = arm;
  run.prefill_tokens = run.decode_tokens = 100;
  run.first_token_ns = 1'000'000 + 1000 * (pair % 3);
  run.decode_ns = static_cast<std::int64_t>(1e9 / speed);
  run.launch = std::max<std::int64_t>(0, static_cast<std::int64_t>(record.launches.size()) - 1);
  return run;
}

/// A record whose stages are "measured" at a decode speed of its own a purpose.
class MadeUpRun {
 public:
  explicit MadeUpRun(OptionsRecord options) {
    record.options = options;
    record.prompts.resize(1);
    if (options.launches > 1) record.launches = {{"measure", "", 0}};
  }

  void measure() {
    measure_all(record, {[&](const Stage& stage) { add(stage); },
                         [&](const Stage& stage) {
                           if (record.launches.empty()) record.launches = {{"measure", "", 0}};
                           record.launches.push_back({stage.purpose, "", 0});
                           add(stage);
                         }});
  }

  Record record;
  std::vector<Stage> stages;
  double speed = 1;          ///< of the patched arm's decode
  double confirm_speed = 1;  ///< of the same in a process that confirms
  double spread = 0;         ///< every other pair is that much off

 private:
  void add(const Stage& stage) {
    stages.push_back(stage);
    const std::int64_t first = finished_pairs(record) + finished_pairs(record, "confirm");
    const double patched = stage.purpose == "confirm" ? confirm_speed : speed;
    for (std::int64_t pair = first; pair < first + stage.pairs; ++pair) {
      const double off = pair % 2 == 0 ? spread : -spread;
      record.runs.push_back(made_up_run(record, pair, "baseline", 1));
      record.runs.push_back(made_up_run(record, pair, "patched", patched + off));
    }
  }
};

OptionsRecord asked(std::int64_t runs, std::int64_t launches, std::int64_t looks, bool confirm) {
  OptionsRecord options;
  options.runs = runs;
  options.launches = launches;
  options.looks = looks;
  options.confirm = confirm;
  return options;
}

using Stages = std::vector<Stage>;

TEST(Launches, OneProcessMeasuresEverythingUnlessAsked) {
  MadeUpRun run(asked(15, 1, 1, false));
  run.measure();
  EXPECT_EQ(run.stages, (Stages{{"measure", 15, false}}));
  EXPECT_TRUE(run.record.complete);
}

TEST(Launches, PairsAreSpreadAndTheFirstProcessesTakeTheRest) {
  MadeUpRun run(asked(8, 3, 1, false));
  run.measure();
  EXPECT_EQ(run.stages,
            (Stages{{"measure", 3, false}, {"measure", 3, true}, {"measure", 2, true}}));
}

TEST(Launches, ASecondLookFollowsOnlyAnUndecidedFirstOne) {
  MadeUpRun decided(asked(15, 1, 2, false));
  decided.speed = 1.1;
  decided.measure();
  EXPECT_EQ(decided.stages, (Stages{{"measure", 15, false}}));

  MadeUpRun undecided(asked(15, 1, 2, false));
  undecided.spread = 0.1;
  undecided.measure();
  EXPECT_EQ(undecided.stages, (Stages{{"measure", 15, false}, {"measure", 15, false}}));
  EXPECT_EQ(finished_pairs(undecided.record), 30);
}

TEST(Launches, InsideTheMarginsNoSecondLookFollowsWhereNeutralCannotBeSaid) {
  MadeUpRun run(asked(15, 1, 2, false));
  run.record.plans.resize(1);
  run.record.plans[0].prefill_steps = 1;  // of a patched plan
  run.record.plans[0].sites_applied = 1;
  run.measure();
  EXPECT_EQ(judge_timing(run.record, Phase::prefill).measured, "inconclusive");
  EXPECT_EQ(run.stages, (Stages{{"measure", 15, false}}));
}

TEST(Launches, ASecondLookIsSpreadOverFreshProcesses) {
  MadeUpRun run(asked(7, 2, 2, false));
  run.spread = 0.1;
  run.measure();
  EXPECT_EQ(run.stages, (Stages{{"measure", 4, false},
                                {"measure", 3, true},
                                {"measure", 4, true},
                                {"measure", 3, true}}));
}

TEST(Launches, ARegressionIsMeasuredAgainWhereThatWasAsked) {
  MadeUpRun run(asked(15, 1, 1, true));
  run.speed = 0.9;
  run.measure();
  EXPECT_EQ(run.stages, (Stages{{"measure", 15, false}, {"confirm", 15, true}}));
  EXPECT_EQ(run.record.launches.back().purpose, "confirm");
  EXPECT_EQ(finished_pairs(run.record), 15);
  EXPECT_EQ(finished_pairs(run.record, "confirm"), 15);
}

TEST(Launches, NothingIsConfirmedWithoutBeingAskedOrWithoutARegression) {
  MadeUpRun not_asked(asked(15, 1, 1, false));
  not_asked.speed = 0.9;
  not_asked.measure();
  EXPECT_EQ(not_asked.stages.size(), 1U);

  MadeUpRun faster(asked(15, 1, 1, true));
  faster.speed = 1.1;
  faster.measure();
  EXPECT_EQ(faster.stages.size(), 1U);
}

TEST(Launches, TheConfirmationRepeatsAsManyPairsAsTwoLooksTook) {
  MadeUpRun run(asked(6, 1, 2, true));
  run.speed = 0.97;
  run.confirm_speed = 1;
  run.spread = 0.029;
  run.measure();
  EXPECT_EQ(run.stages.front(), (Stage{"measure", 6, false}));
  EXPECT_EQ(run.stages.back().fresh, run.stages.back().purpose == "confirm");
  if (run.stages.back().purpose == "confirm") {
    EXPECT_EQ(run.stages.back().pairs, finished_pairs(run.record));
  }
}

TEST(Launches, WithoutPairsNothingIsMeasured) {
  MadeUpRun run(asked(0, 1, 2, true));
  run.measure();
  EXPECT_TRUE(run.stages.empty());
  EXPECT_TRUE(run.record.complete);
}

TEST(Launches, WhatAStageThrowsLeavesTheRecordIncomplete) {
  Record record;
  record.options = asked(6, 1, 1, false);
  const auto interrupted = [](const Stage&) { throw Interrupted(); };
  EXPECT_THROW(measure_all(record, {interrupted, interrupted}), Interrupted);
  EXPECT_FALSE(record.complete);
}

TEST(Launches, AStageThatMeasuresNothingIsADefect) {
  Record record;
  record.options = asked(6, 1, 1, false);
  record.prompts.resize(1);
  const auto nothing = [](const Stage&) {};
  EXPECT_DEATH(measure_all(record, {nothing, nothing}), "finished_pairs");
}

TEST(FinishedPairs, HaveBothRunsOfEveryPrompt) {
  Record record;
  record.prompts.resize(2);
  for (const std::int64_t prompt : {0, 1}) {
    for (const char* arm : {"baseline", "patched"}) {
      EXPECT_EQ(finished_pairs(record), 0);
      record.runs.push_back(made_up_run(record, 0, arm, 1));
      record.runs.back().prompt = prompt;
    }
  }
  EXPECT_EQ(finished_pairs(record), 1);
  record.runs.push_back(made_up_run(record, -1, "baseline", 1));
  EXPECT_EQ(finished_pairs(record), 1);
}

}  // namespace
}  // namespace fidelio::testing
