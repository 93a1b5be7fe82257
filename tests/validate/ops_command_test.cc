// `validate ops` as people type it: exit codes, the table, the last line, a model's shapes, a case.
#include "validate/ops_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/oracles.h"
#include "tests/support/planted_op_defects.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"
#include "validate/op_checks/case_file.h"
#include "validate/op_checks/check_ops.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class OpsCommand : public ::testing::Test {
 protected:
  ProcessResult ops(const std::vector<std::string>& arguments) const {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY, "ops"};
    line.insert(line.end(), arguments.begin(), arguments.end());
    return Process(line, dir_.path()).wait();
  }
  void expect_refused(const std::vector<std::string>& arguments, const char* message) const {
    const ProcessResult result = ops(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(result.out, "");
  }
  /// A good case of `op`, as a file.
  std::string saved_case(const char* op, const LoadedModel* model = nullptr) const {
    OpGrid grid;
    grid.model = model;
    OpFailure failure;
    failure.op_case = cases_of(*find_op_entry(op), grid).front();
    return dir_.write("case.json", case_json(failure)).string();
  }

  TempDir dir_;
};

TEST_F(OpsCommand, PassesOnGoodKernelsAndPrintsTheSeed) {
  const ProcessResult result = ops({"--op", "silu", "--op", "top_k", "--seed", "12"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_THAT(result.out, AllOf(HasSubstr("silu "), HasSubstr("top_k "), HasSubstr("PASS: 0 of "),
                                HasSubstr(", seed 12\n"), Not(HasSubstr("linear "))));
  EXPECT_EQ(result.err, "");
}

TEST_F(OpsCommand, TakesShapesAndWeightsFromAModel) {
  const ProcessResult result = ops({kSmallMoe, "--tokens", "1,5", "--target", "ref"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("gate_up_swiglu"), HasSubstr("kernels ref")));
}

TEST_F(OpsCommand, TakesAShape) {
  const ProcessResult result =
      ops({"--op", "gather_matmul", "--shape", "9x64", "--experts", "6", "--top-k", "2", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const nlohmann::json json = nlohmann::json::parse(result.out);
  EXPECT_GT(json["ops"][0]["cases"], 20);
  EXPECT_GT(json["ops"][0]["judged_elements"], 1000);
  EXPECT_EQ(json["exit_code"], 0);
  EXPECT_TRUE(json["failures"].empty());
}

TEST_F(OpsCommand, RunsASavedCaseAlone) {
  const ProcessResult result = ops({"--case", saved_case("rope")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("PASS: 0 of 1 cases failed"));
}

TEST_F(OpsCommand, RunsACaseOfAModelsWeightsWithThatModel) {
  const auto model = load_model(kSmallMoe);
  const std::string file = saved_case("linear", model.get());
  EXPECT_EQ(ops({kSmallMoe, "--case", file}).exit_code, 0);
  expect_refused({"--case", file}, "its weights are those of");
  const std::string other = std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/olmoe/float32";
  expect_refused({other, "--case", file}, "the model is");
}

TEST_F(OpsCommand, RefusesWhatItCannotDo) {
  expect_refused({"--op", "linaer"}, "did you mean \"linear\"?");
  expect_refused({"--target", "AVX9"}, "AVX9");
  expect_refused({"--shape", "3by4"}, "ROWSxCOLS");
  expect_refused({"--op", "rope", "--shape", "3x5"}, "no case");
  expect_refused({"--tokens", "0"}, "--tokens");
  expect_refused({"--case", "missing.json"}, "missing.json");
  expect_refused({"--case", "x.json", "--op", "add"}, "excludes");
  expect_refused({"--op", "add", "--save", "no/such/folder/case.json"}, "no/such/folder");
}

TEST_F(OpsCommand, RefusesACaseThatWasSpoilt) {
  expect_refused({"--case", dir_.write("case.json", "{\"op\": 1}").string()}, "case.json");
}

KernelTable with_a_defect(const std::string& target) {
  KernelTable kernels = kernels_for(target);
  kernels.gather_matmul = defects::wrong_at_seven_tokens;
  return kernels;
}

KernelTable without_a_defect(const std::string& target) { return kernels_for(target); }

struct Printed {
  int exit_code = -1;
  std::string out;
};

Printed run_here(const OpsOptions& options, const KernelSource& kernels) {
  ::testing::internal::CaptureStdout();
  const int exit_code = ops_command(options, kernels);
  return {exit_code, ::testing::internal::GetCapturedStdout()};
}

TEST_F(OpsCommand, OnADefectFailsAndSavesACaseThatFailsAgain) {
  OpsOptions options;
  options.ops = {"gather_matmul", "silu"};
  options.save = dir_ / "failing.json";
  const Printed all = run_here(options, with_a_defect);
  OpsOptions again;
  again.case_file = options.save;
  const Printed alone = run_here(again, with_a_defect);

  EXPECT_EQ(all.exit_code, 1);
  EXPECT_THAT(all.out, AllOf(HasSubstr("FAILED"), HasSubstr("\nFAIL: "), HasSubstr(", M 7, "),
                             HasSubstr("; again alone: validate ops --case")));
  EXPECT_EQ(alone.exit_code, 1);
  EXPECT_THAT(alone.out, AllOf(HasSubstr("FAIL: 1 of 1 cases"), HasSubstr("error: y[0] is")));
  EXPECT_EQ(run_here(again, without_a_defect).exit_code, 0);
}

TEST_F(OpsCommand, OnADefectSaysSoInJson) {
  OpsOptions options;
  options.ops = {"gather_matmul"};
  options.tokens = {7};
  options.json = true;
  options.save = dir_ / "failing.json";

  const nlohmann::json json = nlohmann::json::parse(run_here(options, with_a_defect).out);

  EXPECT_EQ(json["exit_code"], 1);
  EXPECT_EQ(json["case_file"], options.save->string());
  EXPECT_EQ(json["failures"][0]["op"], "gather_matmul");
  EXPECT_GT(json["ops"][0]["failed"], 0);
}

}  // namespace
}  // namespace fidelio::testing
