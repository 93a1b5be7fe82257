// The program as people type it: exit codes, messages, capsules on disk, interruption, a full disk.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "capsules/json.h"
#include "core/tokenizer.h"
#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::vector<std::string> kIds = {
    "--prompt-ids",
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,"
    "25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40"};

class CommandLine : public ::testing::Test {
 protected:
  static std::vector<std::string> command(const std::vector<std::string>& arguments) {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY};
    line.insert(line.end(), arguments.begin(), arguments.end());
    return line;
  }
  /// A run on the small model with its prompt; flags given later win nothing, so pass each once.
  static std::vector<std::string> small_run(const std::vector<std::string>& more) {
    std::vector<std::string> line = command({kSmallMoe, "--widths", "1,2", "--threads", "1"});
    line.insert(line.end(), kIds.begin(), kIds.end());
    line.insert(line.end(), more.begin(), more.end());
    return line;
  }
  ProcessResult run(const std::vector<std::string>& line) const {
    return Process(line, dir_.path()).wait();
  }

  void expect_refused(const std::vector<std::string>& line,
                      const ::testing::Matcher<const std::string&>& message) {
    const ProcessResult result = run(line);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, message);
    EXPECT_EQ(result.out, "");
  }

  TempDir dir_;
};

TEST_F(CommandLine, AShortRunPassesAndLeavesACapsuleThatTheGatePasses) {
  const ProcessResult result =
      run(small_run({"--runs", "6", "--max-tokens", "16", "--capsule", "c.json"}));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  EXPECT_THAT(result.out, AllOf(HasSubstr("EXACT"), HasSubstr("Capsule: c.json")));

  const Record record = read_capsule(dir_ / "c.json");
  EXPECT_TRUE(record.complete);
  EXPECT_EQ(record.runs.size(), 2U + 2U * 6U);
  EXPECT_EQ(run(command({"gate", "c.json"})).exit_code, 0);
}

TEST_F(CommandLine, TheRunsAlternateInABBAOrder) {
  run(small_run({"--runs", "3", "--max-tokens", "4", "--capsule", "c.json"}));
  std::string order;
  for (const RunRecord& r : read_capsule(dir_ / "c.json").runs) order += r.arm[0];
  EXPECT_EQ(order, "bpbppbbp");  // warm-ups, then AB, BA, AB
}

TEST_F(CommandLine, PatchesNoneIsExact) {
  const ProcessResult result =
      run(small_run({"--runs", "1", "--max-tokens", "8", "--patches", "none"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("EXACT"));
}

TEST_F(CommandLine, StressRunsTheBuiltInSetOnceToTheEnd) {
  const ProcessResult result = run(command(
      {"kjv-moe-8m", "--stress", "--max-tokens", "24", "--widths", "1", "--capsule", "c.json"}));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;

  const Record record = read_capsule(dir_ / "c.json");
  EXPECT_EQ(record.prompts.size(), 5U);
  EXPECT_EQ(record.runs.size(), 5U * 4U);  // a warm-up and a run of each arm
  for (const GenerationRecord& generation : record.generations)
    EXPECT_EQ(generation.baseline.ids.size(), 24U);
  EXPECT_THAT(record.command_line,
              AllOf(Contains("builtin"), Contains("--lengths"), Contains("--ignore-eos")));
}

TEST_F(CommandLine, StressOfAModelWithoutATokenizerRunsOnBuiltInIds) {
  const ProcessResult result = run(command(
      {kSmallMoe, "--stress", "--max-tokens", "24", "--widths", "1", "--capsule", "c.json"}));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;

  const Record record = read_capsule(dir_ / "c.json");
  EXPECT_EQ(record.prompts.size(), 5U);
  EXPECT_EQ(record.runs.size(), 5U * 4U);
}

TEST_F(CommandLine, JsonPrintsTheCapsule) {
  const ProcessResult result =
      run(small_run({"--runs", "1", "--max-tokens", "8", "--json", "--capsule", "c.json"}));
  const Record printed = from_json(result.out, "stdout");
  EXPECT_EQ(printed.verdict.fidelity, "EXACT");
  EXPECT_EQ(printed.verdict.exit_code, result.exit_code);
}

TEST_F(CommandLine, ReportsComeInThreeForms) {
  run(small_run({"--runs", "2", "--max-tokens", "8", "--capsule", "c.json"}));
  EXPECT_THAT(run(command({"report", "c.json"})).out, HasSubstr("EXACT"));
  EXPECT_THAT(run(command({"report", "c.json", "--format", "markdown"})).out, HasSubstr("| model"));
  EXPECT_THAT(run(command({"report", "c.json", "--format", "csv"})).out, HasSubstr("order"));
}

TEST_F(CommandLine, AForgedVerdictIsCaughtByTheGate) {
  run(small_run({"--runs", "1", "--max-tokens", "8", "--capsule", "c.json"}));
  Record record = read_capsule(dir_ / "c.json");
  record.generations[0].patched.ids[3] ^=
      1;  // the patched arm said something else; the stored verdict says EXACT
  dir_.write("forged.json", to_json(record));
  EXPECT_EQ(run(command({"gate", "forged.json"})).exit_code, 1);
}

TEST_F(CommandLine, ExplainShowsSitesBothGraphsAndFallingScratch) {
  const ProcessResult result = run(command({"explain", kSmallMoe}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("gate_up_swiglu (bit_exact): 2 applied"), HasSubstr("baseline graph"),
                    HasSubstr("= down_combine @"), HasSubstr("scratch bytes"), HasSubstr("(-")));
}

TEST_F(CommandLine, ExplainAboveTheGuardShowsRefusals) {
  EXPECT_THAT(run(command({"explain", kSmallMoe, "--tokens", "33"})).out,
              HasSubstr("n_tokens_above_guard"));
}

TEST_F(CommandLine, HelpNamesTheExitCodes) {
  const ProcessResult result = run(command({"--help"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("gate"), HasSubstr("Exit codes")));
}

TEST_F(CommandLine, VersionSaysWhatACapsuleSays) {
  run(small_run({"--runs", "1", "--max-tokens", "4", "--capsule", "c.json"}));
  const Record record = read_capsule(dir_ / "c.json");

  const ProcessResult result = run(command({"--version"}));

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, ::testing::StartsWith("validate " + record.program.version + " ("));
  const std::string first_line = result.out.substr(0, result.out.find('\n'));
  EXPECT_THAT(first_line, HasSubstr(record.program.git_commit));
  EXPECT_EQ(first_line.ends_with(", modified)"), record.program.git_dirty);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr(fmt::format("numerics contract: {}\n", record.numerics_version)),
                    HasSubstr(fmt::format("capsule schema:    {}\n", record.schema_version)),
                    HasSubstr(fmt::format("vector targets:    {},", record.hardware.vector_target)),
                    HasSubstr(", ref\n"), HasSubstr(record.program.compiler)));
}

TEST_F(CommandLine, RefusesBadInputWithOneClearMessage) {
  expect_refused(command({"kjv-moe-8n"}), AllOf(HasSubstr("kjv-moe-8n"), HasSubstr("kjv-moe-8m")));
  expect_refused(small_run({"--runs", "0"}),
                 AllOf(HasSubstr("--runs"), HasSubstr("found 0"), HasSubstr("expected 1")));
  expect_refused(small_run({"--max-tokens", "1000000"}),
                 AllOf(HasSubstr("--max-tokens"), HasSubstr("max_position_embeddings")));
  expect_refused(small_run({"--patches", "gate_up_swigul"}),
                 AllOf(HasSubstr("gate_up_swigul"), HasSubstr("gate_up_swiglu")));
  expect_refused(command({kSmallMoe, "--prompt-ids", "1,256"}),
                 AllOf(HasSubstr("256"), HasSubstr("0 to 255")));
  expect_refused(command({kSmallMoe, "--prompt-ids", "-1"}), HasSubstr("-1"));
  expect_refused(command({kSmallMoe, "--prompt", "hello"}), HasSubstr("--prompt-ids"));
  expect_refused(command({"kjv-moe-8m", "--prompt", "  "}), HasSubstr("empty"));
  expect_refused(small_run({"--target", "AVX9"}), AllOf(HasSubstr("AVX9"), HasSubstr("ref")));
  expect_refused(small_run({"--widths-of", "3"}), HasSubstr("--widths-of"));
}

TEST_F(CommandLine, RefusesOptionsThatCannotBeMeant) {
  expect_refused(command({kSmallMoe, "--prompt-ids", "1", "--widths", "1,x"}),
                 HasSubstr("error: --widths: found \"x\", expected all, or numbers"));
  expect_refused(small_run({"--lengths", "9,5"}), HasSubstr("found 5 after 9"));
  expect_refused(small_run({"--sampled-steps", "5000"}),
                 AllOf(HasSubstr("--sampled-steps"), HasSubstr("5000"), HasSubstr("0 to 4096")));
  expect_refused(small_run({"--budget", "mean_kld=0.1"}), HasSubstr("found no kld_99.9"));
  expect_refused(small_run({"--prompts", "builtin"}), HasSubstr("--prompt-ids"));
  expect_refused(small_run({"--stress"}), AllOf(HasSubstr("found 2048 after --prompt-ids of 40"),
                                                HasSubstr("max_position_embeddings")));
  expect_refused(command({"kjv-moe-8m", "--stress", "--max-tokens", "3990"}),
                 HasSubstr("found 3990 after the built-in prompt \""));
  expect_refused(command({kSmallMoe, "--stress"}),
                 HasSubstr("found 2048 after set 1 of the built-in ids of 64 tokens"));
}

TEST_F(CommandLine, ChecksTheCapsulesPathBeforeTheRun) {
  expect_refused(small_run({"--runs", "1000000", "--capsule", "absent/c.json"}),
                 HasSubstr("--runs"));
  expect_refused(small_run({"--runs", "9999", "--max-tokens", "200", "--capsule", "absent/c.json"}),
                 HasSubstr("absent"));
}

TEST_F(CommandLine, RefusesATruncatedCheckpointAndNamesTheFile) {
  std::filesystem::copy(kSmallMoe, dir_ / "model");
  std::filesystem::resize_file(dir_ / "model/model.safetensors", 100000);
  expect_refused(command({"model", "--prompt-ids", "1"}), HasSubstr("model.safetensors"));
}

TEST_F(CommandLine, RefusesADamagedCapsule) {
  dir_.write("broken.json", "{\"schema_version\": 1");
  expect_refused(command({"gate", "broken.json"}), HasSubstr("broken.json"));
  expect_refused(command({"report", "missing.json"}), HasSubstr("missing.json"));
}

TEST_F(CommandLine, CtrlCKeepsTheFinishedPairs) {
  const Process process(small_run({"--runs", "5000", "--max-tokens", "64", "--capsule", "c.json"}),
                        dir_.path());
  for (int i = 0; i < 600 && !(std::filesystem::exists(dir_ / "c.json") &&
                               std::filesystem::file_size(dir_ / "c.json") > 0);
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  process.signal(SIGINT);
  const ProcessResult result = process.wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_THAT(result.err, HasSubstr("c.json"));
  const Record record = read_capsule(dir_ / "c.json");
  EXPECT_FALSE(record.complete);
  EXPECT_GE(record.runs.size(), 4U);
  EXPECT_EQ(record.runs.size() % 2, 0U);
  EXPECT_EQ(run(command({"gate", "c.json"})).exit_code, 130);
}

TEST_F(CommandLine, AFullDiskKeepsTheFinishedPairs) {
  run(small_run({"--runs", "2", "--max-tokens", "4", "--capsule", "small.json"}));
  const std::uintmax_t blocks = std::filesystem::file_size(dir_ / "small.json") / 512 + 8;
  std::string line = "ulimit -f " + std::to_string(blocks) + "; exec";
  for (const std::string& argument :
       small_run({"--runs", "500", "--max-tokens", "4", "--capsule", "c.json"})) {
    line += " '" + argument + "'";
  }
  const ProcessResult result = run({"/bin/sh", "-c", line});
  EXPECT_EQ(result.exit_code, 2) << result.out;
  EXPECT_THAT(result.err, HasSubstr("c.json"));
  const Record record = read_capsule(dir_ / "c.json");
  EXPECT_FALSE(record.complete);
  EXPECT_GE(record.runs.size(), 6U);
}

}  // namespace
}  // namespace fidelio::testing
