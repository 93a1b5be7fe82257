// What a repetition must agree in, from two records alone: every check with a record that it finds.
#include "capsules/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/capsules/example_record.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

/// The check of that name; fails the test where there is none.
ReplayCheck check_of(const ReplayResult& result, const std::string& what) {
  for (const auto* checks : {&result.inputs, &result.outputs})
    for (const ReplayCheck& check : *checks)
      if (check.what == what) return check;
  ADD_FAILURE() << "no check of " << what;
  return {};
}

/// The example repeated with one thing changed.
ReplayResult replay_with(const std::function<void(Record&)>& change) {
  Record again = example_record();
  change(again);
  return compare_replay(example_record(), again);
}

void expect_differs(const std::string& what, const std::function<void(Record&)>& change) {
  const ReplayResult result = replay_with(change);
  EXPECT_EQ(check_of(result, what).outcome, "differs") << what;
  EXPECT_EQ(result.exit_code, 1) << what;
}

/// As a machine of another kind would have it.
void on_another_machine(Record& record) {
  record.hardware.cpu_model = "Another CPU";
  record.hardware.vector_target = "AVX2";
  record.options.threads = 1;
  for (RunRecord& run : record.runs) run.decode_ns *= 3;
}

void make_reassociated(Record& record) {
  record.patches[0].numerics = "reassociated";
  for (SiteRecord& site : record.sites) site.numerics = "reassociated";
}

TEST(Replay, TheSameOnAnotherMachineAgreesInEverything) {
  const ReplayResult result = replay_with(on_another_machine);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(check_of(result, "logits by width, patched, prompt 1").outcome, "agrees");
  EXPECT_THAT(replay_text(result), HasSubstr("REPRODUCED: "));
  EXPECT_THAT(replay_text(result), HasSubstr("recorded AVX3; now AVX2"));
}

TEST(Replay, FindsInputsThatAreOthers) {
  expect_differs("weights", [](Record& r) { r.model.weights_xxh3_128[5] ^= 1; });
  expect_differs("config", [](Record& r) { r.model.config_xxh3_128[5] ^= 1; });
  expect_differs("tokenizer", [](Record& r) { r.model.tokenizer_xxh3_128 = std::nullopt; });
  expect_differs("prompt 1", [](Record& r) { r.prompts[1].ids_xxh3_128 = example_digest(77); });
  expect_differs("prompt 1", [](Record& r) { r.prompts.pop_back(); });
}

TEST(Replay, FindsIdsAndBitsThatAreOthers) {
  expect_differs("ids, baseline, prompt 0", [](Record& r) { r.generations[0].baseline.ids[7]++; });
  expect_differs("ids, patched, prompt 1", [](Record& r) { r.generations[1].patched.ids[7]++; });
  expect_differs("ids, patched, prompt 1",
                 [](Record& r) { r.generations[1].patched.stop = "eos"; });
  expect_differs("logits, baseline, prompt 1",
                 [](Record& r) { r.generations[1].baseline.logit_xxh3_128 = example_digest(3); });
  expect_differs("logits by width, baseline, prompt 0",
                 [](Record& r) { r.comparisons[1].baseline_logit_xxh3_128 = example_digest(3); });
  expect_differs("logits by width, patched, prompt 0",
                 [](Record& r) { r.comparisons[1].patched_logit_xxh3_128 = example_digest(3); });
  expect_differs("logits by width, patched, prompt 0",
                 [](Record& r) { r.comparisons.erase(r.comparisons.begin() + 1); });
  expect_differs("fidelity", [](Record& r) { r.patches[0].calls = 0; });
}

TEST(Replay, NamesTheFirstIdThatDiffers) {
  const ReplayResult result = replay_with([](Record& r) { r.generations[0].baseline.ids[7] = 9; });
  const std::string recorded = std::to_string(example_ids(0)[7]);
  EXPECT_EQ(check_of(result, "ids, baseline, prompt 0").sentence,
            "32 and 32 ids; the first that differs is number 7: recorded " + recorded + ", now 9");
}

TEST(Replay, AnEditedCapsuleIsAnInputThatDiffers) {
  Record edited = example_record();
  edited.prompts[0].ids[1] ^= 1;
  const ReplayResult result = compare_replay(edited, example_record());
  EXPECT_EQ(check_of(result, "the capsule itself").outcome, "differs");
  EXPECT_EQ(check_of(result, "ids, baseline, prompt 0").outcome, "not comparable");
  EXPECT_EQ(result.exit_code, 1);
}

TEST(Replay, BitsOfAnotherNumericsVersionAreNotCompared) {
  const ReplayResult result = replay_with([](Record& r) {
    r.numerics_version += 1;
    r.generations[0].baseline.logit_xxh3_128 = example_digest(3);
    r.patches[0].calls = 0;
  });
  EXPECT_EQ(check_of(result, "logits, baseline, prompt 0").outcome, "not comparable");
  EXPECT_THAT(check_of(result, "ids, patched, prompt 1").sentence, HasSubstr("numerics versions"));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(replay_text(result), HasSubstr("NOT COMPARABLE"));
}

TEST(Replay, ReassociatedBitsAreComparedUnderTheSameConditionsAlone) {
  Record recorded = example_record();
  make_reassociated(recorded);
  Record again = recorded;
  again.generations[0].patched.logit_xxh3_128 = example_digest(3);
  EXPECT_EQ(check_of(compare_replay(recorded, again), "logits, patched, prompt 0").outcome,
            "differs");

  again.options.threads += 1;
  const ReplayResult elsewhere = compare_replay(recorded, again);
  const ReplayCheck patched = check_of(elsewhere, "logits, patched, prompt 0");
  EXPECT_EQ(patched.outcome, "not comparable");
  EXPECT_EQ(patched.sentence,
            "gate_up_swiglu is reassociated: its bits may depend on the number of threads");
  EXPECT_EQ(check_of(elsewhere, "logits, baseline, prompt 0").outcome, "agrees");
}

TEST(Replay, WhereBitsCannotBeComparedTheVerdictMayOnlyTurnAmongThoseThatPass) {
  Record recorded = example_record();
  make_reassociated(recorded);
  Record again = recorded;
  again.hardware.vector_target = "AVX2";
  for (RunRecord& run : again.runs)
    if (run.arm == "patched") run.logit_xxh3_128 = example_digest(55);
  again.patches[0].calls = 0;  // VACUOUS
  EXPECT_EQ(check_of(compare_replay(recorded, again), "fidelity").outcome, "differs");
}

TEST(Replay, ACapsuleThatWasCutShortIsComparedAsFarAsItGoes) {
  Record recorded = example_record();
  recorded.complete = false;
  recorded.interruption = "SIGINT";
  recorded.comparisons.erase(recorded.comparisons.begin() + 1, recorded.comparisons.end());
  const ReplayResult result = compare_replay(recorded, example_record());
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(check_of(result, "logits by width, baseline, prompt 0").outcome, "agrees");
  EXPECT_EQ(check_of(result, "fidelity").outcome, "not comparable");
}

TEST(Replay, WithoutAnyResultNothingIsComparable) {
  Record recorded = example_record();
  recorded.complete = false;
  recorded.generations.clear();
  recorded.comparisons.clear();
  recorded.runs.clear();
  EXPECT_EQ(compare_replay(recorded, example_record()).exit_code, 4);
}

TEST(Replay, TextOfACapsuleCannotActOnATerminal) {
  const ReplayResult result =
      replay_with([](Record& r) { r.generations[0].baseline.logit_xxh3_128 = "\x1b[2J"; });
  EXPECT_EQ(replay_text(result).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace fidelio::testing
