// A validation that is killed or interrupted at random moments: its capsule is absent only before
// the first save, reads strictly at every moment, and never has fewer finished pairs than it once
// had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <optional>
#include <random>
#include <thread>

#include "capsules/capsule_error.h"
#include "capsules/json.h"
#include "tests/support/file_content.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kKills = 30;
constexpr int kInterrupts = 8;
constexpr std::size_t kLastPair = 12;  ///< the moments lie before it

/// What has been seen of one capsule, and what was wrong with it.
class Watch {
 public:
  explicit Watch(fs::path capsule) : capsule_(std::move(capsule)) {}

  /// Reads the capsule as it lies there now.
  void look() {
    if (!fs::exists(capsule_)) {
      if (saved_) wrong_ = "lost the capsule";
      return;
    }
    try {
      const Record record = read_capsule(capsule_);
      saved_ = true;
      complete_ = record.complete;
      const std::size_t now = finished_pairs(record);
      if (now < pairs_) wrong_ = "lost pairs";
      pairs_ = std::max(pairs_, now);
    } catch (const CapsuleError& error) {
      wrong_ = std::string("cannot be read: ") + error.what();
    }
  }

  bool saved() const { return saved_; }
  bool complete() const { return complete_; }
  std::size_t pairs() const { return pairs_; }
  const std::string& wrong() const { return wrong_; }

 private:
  static std::size_t finished_pairs(const Record& record) {
    std::size_t timed = 0;
    for (const RunRecord& run : record.runs) timed += run.pair >= 0 ? 1 : 0;
    return timed / 2;
  }

  fs::path capsule_;
  bool saved_ = false;
  bool complete_ = false;
  std::size_t pairs_ = 0;
  std::string wrong_;
};

/// Many short pairs of a small model, so that most of the time goes into saving.
std::vector<std::string> long_run(const std::string& runs) {
  return {FIDELIO_VALIDATE_BINARY,
          std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/qwen3_moe/mlx4g64",
          "--runs",
          runs,
          "--max-tokens",
          "8",
          "--widths",
          "1",
          "--sampled-steps",
          "0",
          "--threads",
          "1",
          "--capsule",
          "c.json"};
}

class KilledRuns : public ::testing::Test {
 protected:
  /// Starts a run, watches it until it has saved a random number of pairs (0: until a random moment
  /// of its first tenth of a second), lets a few random milliseconds pass, and signals.
  ProcessResult signal_somewhere(int number, Watch& watch) {
    const Process process(long_run("5000"), dir_.path());
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const std::size_t pairs = random(0, kLastPair);
    while (watch.pairs() < pairs && std::chrono::steady_clock::now() < give_up) {
      watch.look();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    std::this_thread::sleep_for(
        std::chrono::microseconds(random(0, pairs == 0 ? 100'000 : 10'000)));
    process.signal(number);
    ProcessResult result = process.wait();
    watch.look();
    return result;
  }
  std::size_t random(std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random_);
  }

  TempDir dir_;
  std::mt19937 random_{20'240'229};
};

TEST_F(KilledRuns, KeepEveryPairThatWasOnTheDisk) {
  std::size_t saved = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    fs::remove(dir_ / "c.json");
    Watch watch(dir_ / "c.json");
    EXPECT_EQ(signal_somewhere(SIGKILL, watch).exit_code, 128 + SIGKILL);
    ASSERT_EQ(watch.wrong(), "") << "kill " << kill;
    EXPECT_FALSE(watch.complete());
    saved += watch.saved() ? 1 : 0;
  }
  EXPECT_GT(saved, 10U) << "most kills came before anything was saved";

  // What the kills left beside the capsule is gone after the next run to that folder.
  const ProcessResult last = Process(long_run("1"), dir_.path()).wait();
  EXPECT_TRUE(read_capsule(dir_ / "c.json").complete) << last.err;
  for (const fs::directory_entry& file : fs::directory_iterator(dir_.path()))
    EXPECT_THAT(file.path().filename().string(), ::testing::Not(StartsWith(".fidelio-")));
}

TEST_F(KilledRuns, InterruptedKeepTheirPairsAndSayThatTheyAreIncomplete) {
  std::size_t saved = 0;
  for (int i = 0; i < kInterrupts; ++i) {
    fs::remove(dir_ / "c.json");
    Watch watch(dir_ / "c.json");
    const ProcessResult result = signal_somewhere(SIGINT, watch);
    // Before the model is loaded there is nothing to keep, and the signal ends the process itself.
    EXPECT_EQ(result.exit_code, 128 + SIGINT) << result.err;
    ASSERT_EQ(watch.wrong(), "") << "interrupt " << i;
    EXPECT_FALSE(watch.complete());
    saved += watch.saved() ? 1 : 0;
    EXPECT_THAT(result.err, HasSubstr(watch.saved() ? "kept in c.json" : ""));
  }
  EXPECT_GT(saved, 2U);
}

TEST_F(KilledRuns, TheWatchSeesWhatIsTornOrLost) {
  Process(long_run("3"), dir_.path()).wait();
  const fs::path capsule = dir_ / "c.json";
  const std::string whole = content_of(capsule);

  Watch torn(capsule);
  torn.look();
  EXPECT_EQ(torn.wrong(), "");
  EXPECT_EQ(torn.pairs(), 3U);
  dir_.write("c.json", whole.substr(0, whole.size() / 2));
  torn.look();
  EXPECT_THAT(torn.wrong(), HasSubstr("cannot be read"));

  dir_.write("c.json", whole);
  Watch fewer(capsule);
  fewer.look();
  Process(long_run("2"), dir_.path()).wait();
  fewer.look();
  EXPECT_EQ(fewer.wrong(), "lost pairs");
  fs::remove(capsule);
  fewer.look();
  EXPECT_EQ(fewer.wrong(), "lost the capsule");
}

}  // namespace
}  // namespace fidelio::testing
