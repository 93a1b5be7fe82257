// validate replay as people type it: a capsule made on one vector target and number of threads
// gives its bits on all others, and everything that was changed in it or in the model shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "capsules/json.h"
#include "core/checksum.h"
#include "kernels/table.h"
#include "tests/support/altered_checkpoint.h"
#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/validation.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ReplayCommand : public ::testing::Test {
 protected:
  /// One capsule for all tests, of the scalar kernels and one thread.
  static void SetUpTestSuite() {
    const auto model = load_model(kSmallMoe);
    const KernelTable ref = ref_kernels();
    RunOptions options = short_options();
    options.runs = 1;
    options.max_tokens = 8;
    options.widths = {1, 7};
    recorded_ = new Record(validate_with(*model, options, parse_patch_list("all"), ref, ref));
  }
  static void TearDownTestSuite() { delete recorded_; }

  ReplayCommand() { dir_.write("c.json", to_json(*recorded_)); }

  ProcessResult replay(std::vector<std::string> more) const {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY, "replay", "c.json"};
    if (std::find(more.begin(), more.end(), "--runs") == more.end())
      line.insert(line.end(), {"--runs", "0"});
    line.insert(line.end(), more.begin(), more.end());
    return Process(line, dir_.path()).wait();
  }
  /// The replay of a capsule with one thing changed.
  ProcessResult replay_changed(const std::function<void(Record&)>& change) const {
    Record record = *recorded_;
    change(record);
    dir_.write("c.json", to_json(record));
    return replay({"--model", kSmallMoe});
  }
  void expect_differs(const ProcessResult& result, const std::string& what) const {
    EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
    EXPECT_THAT(result.out, ::testing::ContainsRegex(what + " +differs"));
    EXPECT_THAT(result.out, HasSubstr("DIFFERS: "));
  }

  static inline const Record* recorded_ = nullptr;
  TempDir dir_;
};

TEST_F(ReplayCommand, GivesTheSameBitsOnEveryTargetAndNumberOfThreads) {
  ASSERT_EQ(recorded_->verdict.fidelity, "EXACT");
  std::vector<std::string> targets = kernel_targets();
  for (const std::string& target : targets) {
    for (const char* threads : {"1", "2", "3"}) {
      const ProcessResult result =
          replay({"--model", kSmallMoe, "--target", target, "--threads", threads});
      EXPECT_EQ(result.exit_code, 0) << target << " " << threads << result.out << result.err;
      EXPECT_THAT(result.out,
                  AllOf(HasSubstr("REPRODUCED: "), HasSubstr("0 differ, 0 not comparable")));
    }
  }
}

TEST_F(ReplayCommand, OneChangedWeightIsAnotherModel) {
  const TempDir model;
  bool changed = false;
  copy_altered(kSmallMoe, model.path(), [&](const StoredTensor& tensor) {
    if (changed) return false;
    tensor.bytes[tensor.bytes.size() / 2] ^= 1;
    return changed = true;
  });
  const ProcessResult result = replay({"--model", model.path().string()});
  expect_differs(result, "weights");
  EXPECT_THAT(result.out, HasSubstr("nothing was run on other inputs"));
}

TEST_F(ReplayCommand, ChangedWeightsUnderTheRecordedChecksumShowInTheBits) {
  const TempDir model;
  copy_altered(kSmallMoe, model.path(), [&](const StoredTensor& tensor) {
    if (tensor.name.find("o_proj.scales") == std::string::npos) return false;
    for (char& byte : tensor.bytes) byte ^= 1;
    return true;
  });
  const std::string checksum =
      make_model_record(*load_model(model.path().string())).weights_xxh3_128;
  Record record = *recorded_;
  record.model.weights_xxh3_128 = checksum;
  dir_.write("c.json", to_json(record));
  expect_differs(replay({"--model", model.path().string()}), "logits, baseline, prompt 0");
}

TEST_F(ReplayCommand, ATamperedIdShows) {
  expect_differs(replay_changed([](Record& r) { r.generations[0].baseline.ids[5] ^= 1; }),
                 "the capsule itself");
}

TEST_F(ReplayCommand, ATamperedIdShowsUnderChecksumsThatFit) {
  const auto forged = [&](const std::string& arm) {
    return replay_changed([&](Record& r) {
      GenerationRecord& free = r.generations[0];
      std::vector<std::int32_t>& ids = arm == "baseline" ? free.baseline.ids : free.patched.ids;
      ids[5] ^= 1;
      for (RunRecord& run : r.runs)
        if (run.arm == arm) run.ids_xxh3_128 = xxh3_128_hex(std::as_bytes(std::span(ids)));
    });
  };
  expect_differs(forged("baseline"), "ids, baseline, prompt 0");
  expect_differs(forged("patched"), "ids, patched, prompt 0");
}

TEST_F(ReplayCommand, ATamperedChecksumShows) {
  const auto turn = [](std::string& digest) { digest[9] = digest[9] == 'a' ? 'b' : 'a'; };
  expect_differs(replay_changed([&](Record& r) { turn(r.generations[0].patched.logit_xxh3_128); }),
                 "logits, patched, prompt 0");
  expect_differs(replay_changed([&](Record& r) { turn(r.comparisons[1].baseline_logit_xxh3_128); }),
                 "logits by width, baseline, prompt 0");
}

TEST_F(ReplayCommand, AnotherPromptShows) {
  expect_differs(replay_changed([](Record& r) { r.prompts[0].ids[3] ^= 1; }), "the capsule itself");
  const ProcessResult fitted = replay_changed([](Record& r) {
    r.prompts[0].ids[3] ^= 1;
    r.prompts[0].ids_xxh3_128 = xxh3_128_hex(std::as_bytes(std::span(r.prompts[0].ids)));
  });
  expect_differs(fitted, "logits, baseline, prompt 0");
}

TEST_F(ReplayCommand, FindsTheEmbeddedModelByItsNameAndKeepsTheNewCapsule) {
  const std::vector<std::string> run = {FIDELIO_VALIDATE_BINARY,
                                        "kjv-moe-8m",
                                        "--runs",
                                        "1",
                                        "--max-tokens",
                                        "8",
                                        "--widths",
                                        "1,2",
                                        "--threads",
                                        "1",
                                        "--capsule",
                                        "c.json"};
  ASSERT_EQ(Process(run, dir_.path()).wait().exit_code, 0);

  const ProcessResult result = replay({"--runs", "2", "--capsule", "again.json", "--json"});

  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out).at("outcome"), "REPRODUCED");
  const Record again = read_capsule(dir_ / "again.json");
  EXPECT_EQ(again.verdict.fidelity, "EXACT");
  EXPECT_EQ(again.options.runs, 2);
}

TEST_F(ReplayCommand, ATextThatGivesOtherIdsIsAnotherPrompt) {
  const std::vector<std::string> run = {FIDELIO_VALIDATE_BINARY,
                                        "kjv-moe-8m",
                                        "--runs",
                                        "1",
                                        "--max-tokens",
                                        "4",
                                        "--widths",
                                        "1",
                                        "--prompt",
                                        "And God said, Let there be light",
                                        "--capsule",
                                        "c.json"};
  ASSERT_EQ(Process(run, dir_.path()).wait().exit_code, 0);
  Record record = read_capsule(dir_ / "c.json");
  record.prompts[0].text = "And God said, Let there be night";
  dir_.write("c.json", to_json(record));

  expect_differs(replay({}), "prompt 0");
}

TEST_F(ReplayCommand, SaysWhatToPassWhereTheModelIsNotFound) {
  const ProcessResult result = replay({});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("c.json"), HasSubstr(recorded_->model.id),
                                HasSubstr("pass --model")));
}

TEST_F(ReplayCommand, RefusesWhatCannotBeRun) {
  const auto expect_refused = [&](const ProcessResult& result, const char* message) {
    EXPECT_EQ(result.exit_code, 2) << result.out;
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  expect_refused(replay_changed([](Record& r) { r.options.patches.push_back("no_such_patch"); }),
                 "no_such_patch");
  expect_refused(replay_changed([](Record& r) { r.prompts[0].ids[0] = 1 << 20; }), "vocab_size");
  expect_refused(replay_changed([](Record& r) { r.options.max_tokens = 1 << 20; }),
                 "max_position_embeddings");
  expect_refused(replay_changed([](Record& r) { r.options.widths = {5000}; }), "--widths");
  dir_.write("c.json", "{");
  expect_refused(replay({}), "c.json");
}

}  // namespace
}  // namespace fidelio::testing
