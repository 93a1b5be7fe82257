// validate gate with a policy and stored capsules, and validate diff, as people type them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capsules/json.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A folder with c.json, a capsule of a small model, and other.json, the same of other weights.
class GateCommand : public ::testing::Test {
 protected:
  GateCommand() {
    const std::string model =
        std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/qwen3_moe/mlx4g64";
    const ProcessResult result =
        validate({model, "--widths", "1", "--threads", "1", "--runs", "6", "--max-tokens", "6",
                  "--prompt-ids", "1,2,3,4,5", "--capsule", "c.json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    Record other = read_capsule(dir_ / "c.json");
    other.model.weights_xxh3_128 = std::string(32, '0');
    dir_.write("other.json", to_json(other));
  }

  ProcessResult validate(std::vector<std::string> line) const {
    line.insert(line.begin(), FIDELIO_VALIDATE_BINARY);
    return Process(line, dir_.path()).wait();
  }

  const TempDir dir_;
};

TEST_F(GateCommand, HoldsACapsuleToAPolicy) {
  dir_.write("good.json", R"({"policy_version": 1, "verdicts": ["EXACT"], "models": ["mlx4g64"],
      "max_age_days": 2, "same_numerics": true, "timing": "ignored"})");
  EXPECT_EQ(validate({"gate", "c.json", "--policy", "good.json"}).exit_code, 0);
  dir_.write("strict.json", R"({"policy_version": 1, "prompts": [{"text": "another"}]})");
  const ProcessResult result = validate({"gate", "c.json", "--policy", "strict.json"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, AllOf(HasSubstr("all patches, prompts: fail"),
                                HasSubstr("GATE FAILED (exit code 4)")));
}

TEST_F(GateCommand, RefusesABadPolicyInOneMessage) {
  dir_.write("bad.json", R"({"policy_version": 1, "margin": 0.02})");
  const ProcessResult result = validate({"gate", "c.json", "--policy", "bad.json"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("bad.json: $: found the unknown field \"margin\", expected"));
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(validate({"gate", "c.json", "--policy", "missing.json"}).exit_code, 2);
  EXPECT_EQ(validate({"gate", "c.json", "--against", "missing.json"}).exit_code, 2);
}

TEST_F(GateCommand, ComparesWithTheStoredCapsuleOfTheSameModel) {
  EXPECT_EQ(validate({"gate", "c.json", "--against", "c.json", "other.json"}).exit_code, 0);
  const ProcessResult result = validate({"gate", "c.json", "--against", "other.json"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, HasSubstr("no stored capsule of this model, prompts and options"));
}

TEST_F(GateCommand, DiffExitsByWhetherCapsulesAreComparable) {
  const ProcessResult same = validate({"diff", "c.json", "c.json"});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.out, AllOf(HasSubstr("Environment"), HasSubstr("the speedup of b is"),
                              HasSubstr("DIFF comparable")));
  const ProcessResult apart = validate({"diff", "c.json", "other.json"});
  EXPECT_EQ(apart.exit_code, 4);
  EXPECT_THAT(apart.out, AllOf(HasSubstr("weights: "), HasSubstr("DIFF not comparable")));
  EXPECT_EQ(validate({"diff", "c.json"}).exit_code, 2);
  EXPECT_EQ(validate({"diff", "c.json", "missing.json"}).exit_code, 2);
}

}  // namespace
}  // namespace fidelio::testing
