// validate gate's other outputs as people type them: files, flags, and what is said where an output
// has nowhere to go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "capsules/json.h"
#include "capsules/step_summary.h"
#include "capsules/verdict.h"
#include "tests/capsules/rounded_record.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class GateOutputs : public ::testing::Test {
 protected:
  GateOutputs() {
    unsetenv("GITHUB_STEP_SUMMARY");
    write("good.json", example_record());
    Record broken = example_record();
    broken.comparisons[0].differing_positions = 1;
    write("broken.json", broken);
  }

  void write(const char* name, Record record) const {
    record.verdict = judge(record);
    dir_.write(name, to_json(record));
  }
  ProcessResult gate(const std::vector<std::string>& more) const {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY, "gate"};
    line.insert(line.end(), more.begin(), more.end());
    return Process(line, dir_.path()).wait();
  }
  std::string text_of(const char* name) const {
    std::ifstream in(dir_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TempDir dir_;
};

TEST_F(GateOutputs, JUnitIsAFileAndTheTextStays) {
  const ProcessResult result = gate({"good.json", "broken.json", "--junit", "j.xml"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, AllOf(StartsWith("good.json: pass"), Not(HasSubstr("::"))));
  EXPECT_THAT(text_of("j.xml"), AllOf(StartsWith("<?xml"), HasSubstr("tiny-moe (broken.json)")));
}

TEST_F(GateOutputs, AnnotationsFollowATextThatNobodyActsOn) {
  const std::string out = gate({"broken.json", "--annotations"}).out;
  const std::string token = out.substr(17, 32);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_THAT(out, AllOf(StartsWith("::stop-commands::" + token + "\nbroken.json: FAIL"),
                         HasSubstr("\n::" + token + "::\n::error title=")));
  EXPECT_NE(gate({"broken.json", "--annotations"}).out.substr(17, 32), token);
}

TEST_F(GateOutputs, TheSummaryIsAppended) {
  setenv("GITHUB_STEP_SUMMARY", (dir_ / "s.md").c_str(), 1);
  dir_.write("s.md", "before");
  EXPECT_EQ(gate({"good.json", "--summary"}).exit_code, 0);
  EXPECT_THAT(text_of("s.md"), StartsWith("before\n## Fidelio: gate passed"));
}

TEST_F(GateOutputs, TheSummaryCountsWhatIsThere) {
  setenv("GITHUB_STEP_SUMMARY", (dir_ / "s.md").c_str(), 1);
  for (const std::size_t room : {1000U, 10U, 0U}) {
    dir_.write("s.md", std::string(kMaxSummaryBytes - room, 'x'));
    EXPECT_EQ(gate({"good.json", "--summary"}).exit_code, 0);
    EXPECT_LE(text_of("s.md").size(), kMaxSummaryBytes);
  }
}

TEST_F(GateOutputs, WithNowhereToGoEndWithTwo) {
  ProcessResult result = gate({"good.json", "--summary"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("GITHUB_STEP_SUMMARY"));
  result = gate({"good.json", "--junit", "nowhere/j.xml"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("nowhere"));
  EXPECT_EQ(result.out, "");
}

TEST_F(GateOutputs, HtmlGoesToStdout) {
  const ProcessResult result =
      Process({FIDELIO_VALIDATE_BINARY, "report", "--format", "html", "good.json", "broken.json"},
              dir_.path())
          .wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr(">broken.json</a>")));
}

}  // namespace
}  // namespace fidelio::testing
