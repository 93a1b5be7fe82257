// Pairs spread over real processes of the program: what the capsule holds, and what is left of it
// when one of them is interrupted, fails, or finds another model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "capsules/json.h"
#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"
#include "validate/timed_pairs.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

class LaunchCommand : public ::testing::Test {
 protected:
  static std::vector<std::string> spread_run(const std::string& model, const char* runs,
                                             const char* launches) {
    return {FIDELIO_VALIDATE_BINARY,
            model,
            "--prompt-ids",
            "1,2,3,4,5,6,7,8",
            "--widths",
            "1,2",
            "--threads",
            "1",
            "--sampled-steps",
            "0",
            "--max-tokens",
            "8",
            "--ignore-eos",
            "--runs",
            runs,
            "--launches",
            launches,
            "--capsule",
            "c.json"};
  }
  ProcessResult run(const std::vector<std::string>& line) const {
    return Process(line, dir_.path()).wait();
  }
  Record capsule() const { return read_capsule(dir_ / "c.json"); }

  /// Waits until a second process has begun, as far as the capsule says.
  bool second_process_measures() const {
    for (int i = 0; i < 1200; ++i) {
      if (std::filesystem::exists(dir_ / "c.json") && capsule().launches.size() > 1) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    return false;
  }

  /// Ended by Ctrl-C behind the first process's 20 pairs, which the capsule keeps.
  void expect_interrupted(const Process& process) const {
    const ProcessResult result = process.wait();
    EXPECT_EQ(result.exit_code, 130) << result.err;
    const Record record = capsule();
    EXPECT_FALSE(record.complete);
    EXPECT_EQ(record.interruption, "SIGINT");
    EXPECT_GE(finished_pairs(record), 20);
  }

  TempDir dir_;
};

TEST_F(LaunchCommand, PairsAreSpreadOverProcessesThatSayTheSame) {
  const ProcessResult result = run(spread_run(kSmallMoe, "6", "3"));
  EXPECT_EQ(result.exit_code, 0) << result.err;

  const Record record = capsule();
  EXPECT_TRUE(record.complete);
  EXPECT_EQ(record.verdict.fidelity, "EXACT");
  ASSERT_EQ(record.launches.size(), 3U);
  EXPECT_EQ(finished_pairs(record), 6);
  std::string order;
  for (const RunRecord& r : record.runs)
    order += std::to_string(r.launch) + (r.pair < 0 ? "w" : "") + r.arm[0] + " ";
  EXPECT_EQ(order, "0wb 0wp 0b 0p 0p 0b 1wb 1wp 1b 1p 1p 1b 2wb 2wp 2b 2p 2p 2b ");
}

TEST_F(LaunchCommand, CallsAndStepsAreThoseOfOneProcessAndItsWarmUps) {
  run(spread_run(kSmallMoe, "4", "1"));
  const Record alone = capsule();
  run(spread_run(kSmallMoe, "4", "2"));
  const Record spread = capsule();

  ASSERT_EQ(alone.plans.size(), spread.plans.size());
  ASSERT_EQ(alone.patches.size(), spread.patches.size());
  EXPECT_EQ(spread.plans[0].decode_steps, alone.plans[0].decode_steps + 7);  // a warm-up more
  for (std::size_t p = 0; p < alone.patches.size(); ++p) {
    EXPECT_EQ(alone.patches[p].sites_applied, spread.patches[p].sites_applied);
    EXPECT_EQ(alone.patches[p].refusals.size(), spread.patches[p].refusals.size());
    EXPECT_GT(spread.patches[p].calls, alone.patches[p].calls);
  }
}

TEST_F(LaunchCommand, CtrlCInTheFirstProcessEndsTheSecondAndKeepsItsPairs) {
  const Process process(spread_run(kSmallMoe, "40", "2"), dir_.path());
  ASSERT_TRUE(second_process_measures());
  process.signal(SIGINT);
  expect_interrupted(process);
}

TEST_F(LaunchCommand, CtrlCInTheSecondProcessAloneEndsTheRunInTheSameWay) {
  const Process process(spread_run(kSmallMoe, "40", "2"), dir_.path());
  ASSERT_TRUE(second_process_measures());
  ASSERT_EQ(process.signal_children(SIGINT), 1);
  expect_interrupted(process);
}

TEST_F(LaunchCommand, AProcessThatFailsLeavesTheFinishedPairs) {
  std::filesystem::copy(kSmallMoe, dir_ / "model");
  const Process process(spread_run("model", "30", "3"), dir_.path());
  ASSERT_TRUE(second_process_measures());
  std::filesystem::remove(dir_ / "model/config.json");  // for the third process
  const ProcessResult result = process.wait();

  EXPECT_EQ(result.exit_code, 2) << result.out;
  EXPECT_THAT(result.err, HasSubstr("exit status 2; the finished pairs are kept in c.json"));
  const Record record = capsule();
  EXPECT_FALSE(record.complete);
  EXPECT_THAT(record.interruption, HasSubstr("exit status 2"));
  EXPECT_GE(finished_pairs(record), 20);
}

TEST_F(LaunchCommand, RefusesAnotherModelThanTheCapsules) {
  run(spread_run(kSmallMoe, "2", "2"));
  Record record = capsule();
  record.complete = false;
  record.model.weights_xxh3_128[0] = record.model.weights_xxh3_128[0] == '0' ? '1' : '0';
  dir_.write("c.json", to_json(record));

  const ProcessResult result = run(
      {FIDELIO_VALIDATE_BINARY, "launch", "--capsule=c.json", "--model=" + kSmallMoe, "--pairs=1"});

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("expected the capsule's"));
  EXPECT_EQ(capsule().runs.size(), record.runs.size());
}

TEST_F(LaunchCommand, RefusesACapsuleThatIsNotUnderWay) {
  run(spread_run(kSmallMoe, "2", "1"));
  const ProcessResult result = run(
      {FIDELIO_VALIDATE_BINARY, "launch", "--capsule=c.json", "--model=" + kSmallMoe, "--pairs=1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("found no run that is under way"));
}

TEST_F(LaunchCommand, RefusesMoreProcessesThanPairs) {
  const ProcessResult result = run(spread_run(kSmallMoe, "2", "3"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--launches: found 3, expected 1 to 2"));
}

TEST_F(LaunchCommand, StandsInNoHelp) {
  EXPECT_EQ(run({FIDELIO_VALIDATE_BINARY, "--help"}).out.find("  launch "), std::string::npos);
}

}  // namespace
}  // namespace fidelio::testing
