// The recipes in docs/ci do what they say: every command after the build runs as it stands there,
// in a folder where the build has left the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"
#include "tests/validate/recipe.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Those that neither install nor build.
std::vector<std::string> offline_commands(const std::string& recipe) {
  std::vector<std::string> out;
  for (const std::string& command :
       commands_of(text_of(std::filesystem::path(FIDELIO_SOURCE_DIR) / "docs/ci" / recipe)))
    if (command.find("apt-get") == std::string::npos &&
        command.find("fidelio.sh") == std::string::npos)
      out.push_back(command);
  return out;
}

class CiRecipe : public ::testing::Test {
 protected:
  CiRecipe() {
    std::filesystem::create_directories(dir_ / "build/bin");
    std::filesystem::create_symlink(FIDELIO_VALIDATE_BINARY, dir_ / "build/bin/validate");
  }

  /// Runs a command as both systems do, with the recipe's variables, made small.
  ProcessResult run(const std::string& command) const {
    const std::string variables =
        "export MODEL=kjv-moe-8m RUNS=2 MAX_TOKENS=8 OUT=fidelio-results "
        "GITHUB_STEP_SUMMARY=summary.md\n";
    return Process(
               {"/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", variables + command},
               dir_.path())
        .wait();
  }

  /// Runs all; the gate on timing may end as 0, 3 or 4: with two pairs nothing is decided.
  void run_all(const std::vector<std::string>& commands) {
    for (const std::string& command : commands) {
      const ProcessResult result = run(command);
      if (command.find("validate gate \"$OUT/timing") != std::string::npos) {
        EXPECT_THAT(result.exit_code, ::testing::AnyOf(0, 3, 4)) << result.err;
      } else {
        EXPECT_EQ(result.exit_code, 0) << command << result.out << result.err;
      }
    }
  }

  void expect_results() const {
    const std::filesystem::path results = dir_ / "fidelio-results";
    for (const char* name : {"junit.xml", "timing-junit.xml"})
      EXPECT_THAT(text_of(results / name), HasSubstr("<testsuite name=\"kjv-moe-8m (")) << name;
    for (const char* name : {"report.html", "timing.html"})
      EXPECT_THAT(text_of(results / name),
                  AllOf(HasSubstr("data-fidelity=\"EXACT\""), HasSubstr("</html>")))
          << name;
    EXPECT_THAT(text_of(results / "timing.json"), HasSubstr("\"require_timing\": true"));
    EXPECT_THAT(text_of(results / "capsule.json"), HasSubstr("\"require_timing\": false"));
  }

  TempDir dir_;
};

TEST_F(CiRecipe, OfGitHubRuns) {
  const std::vector<std::string> commands = offline_commands("github-actions.yml");
  ASSERT_EQ(commands.size(), 6U);  // two jobs of validate, report, gate
  run_all(commands);
  expect_results();
  EXPECT_THAT(text_of(dir_ / "summary.md"), HasSubstr("## Fidelio: gate passed (exit code 0)"));
}

TEST_F(CiRecipe, OfGitLabRuns) {
  const std::vector<std::string> commands = offline_commands("gitlab-ci.yml");
  ASSERT_EQ(commands.size(), 8U);  // two jobs of mkdir, validate, report, gate
  run_all(commands);
  expect_results();
}

TEST_F(CiRecipe, EndsAsTheGateDoesWhereThereIsNoCapsule) {
  for (const std::string& command : offline_commands("github-actions.yml")) {
    if (command.find("validate gate") == std::string::npos) continue;
    EXPECT_EQ(run(command).exit_code, 2);
  }
}

TEST(Recipe, IsReadAsItStands) {
  EXPECT_THAT(commands_of("defaults:\n  run:\n    shell: bash\n"
                          "  steps:\n    - name: a\n      run: |\n        one\n        two\n"
                          "    - run: three\n"),
              ElementsAre("one\ntwo\n", "three"));
  EXPECT_THAT(commands_of("job:\n  script:\n    - one\n    - two || three\n  artifacts: x\n"),
              ElementsAre("one", "two || three"));
  EXPECT_THAT(commands_of("job: runs\n"), IsEmpty());
}

}  // namespace
}  // namespace fidelio::testing
