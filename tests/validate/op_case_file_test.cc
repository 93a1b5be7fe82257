// Saved cases: a failure saved and read again fails in the same way, and what somebody spoilt by
// hand is refused with one message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/planted_op_defects.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"
#include "validate/op_checks/case_file.h"
#include "validate/op_checks/check_ops.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

/// Of a defect that shows in few cases.
OpFailure some_failure(KernelTable& kernels) {
  kernels = kernels_for();
  kernels.gather_matmul = defects::wrong_at_seven_tokens;
  OpCheckOptions options;
  options.grid.ops = {"gather_matmul"};
  options.grid.tokens = {7};
  const std::vector<OpFailure> failures = check_ops(kernels, options);
  EXPECT_FALSE(failures.empty());
  return failures.front();
}

TEST(CaseFile, ASavedFailureFailsAgainInTheSameWay) {
  KernelTable kernels;
  const OpFailure failure = some_failure(kernels);
  const TempDir dir;
  const std::filesystem::path file = dir.write("case.json", case_json(failure));

  const OpCase again = read_case(file);
  const CaseResult result = run_case(kernels, again, nullptr);

  EXPECT_EQ(again, failure.op_case);
  ASSERT_FALSE(result.failures.empty());
  EXPECT_EQ(failure_text(result.failures.front()), failure_text(failure));
}

TEST(CaseFile, ASavedFailurePassesOnGoodKernels) {
  KernelTable kernels;
  const OpFailure failure = some_failure(kernels);
  const OpCase again = parse_case(case_json(failure), "case.json");
  EXPECT_TRUE(run_case(kernels_for(), again, nullptr).failures.empty());
}

TEST(CaseFile, EveryFieldComesBack) {
  for (const OpEntry& entry : all_op_entries()) {
    OpFailure failure;
    const std::vector<OpCase> cases = cases_of(entry, {});
    for (std::size_t i = 0; i < cases.size(); i += 37) {
      failure.op_case = cases[i];
      EXPECT_EQ(parse_case(case_json(failure), "case.json"), cases[i]);
    }
  }
}

/// The message about a good case with one field replaced.
std::string refusal(const char* key, const nlohmann::json& value) {
  OpFailure failure;
  failure.op_case = cases_of(*find_op_entry("linear"), {}).back();
  nlohmann::json json = nlohmann::json::parse(case_json(failure));
  json[key] = value;
  return user_error_of([&] { parse_case(json.dump(), "case.json"); });
}

TEST(CaseFile, WhatWasSpoiltByHandIsRefused) {
  EXPECT_THAT(refusal("op", "linaer"), HasSubstr("did you mean \"linear\""));
  EXPECT_THAT(refusal("cols", -1), HasSubstr("cols: found"));
  EXPECT_THAT(refusal("cols", 0), HasSubstr("cols is out of range"));
  EXPECT_THAT(refusal("cols", 33), HasSubstr("multiple of group_size"));
  EXPECT_THAT(refusal("cols", 1e300), HasSubstr("cols: found"));
  EXPECT_THAT(refusal("rows", "5"), HasSubstr("rows: found"));
  EXPECT_THAT(refusal("rows", 1U << 20), HasSubstr("too large"));
  EXPECT_THAT(refusal("data", "odd"), HasSubstr("one of normal, denormals"));
  EXPECT_THAT(refusal("format", "affine7"), HasSubstr("one of f32"));
  EXPECT_THAT(refusal("group_size", 48), HasSubstr("32, 64 or 128"));
  EXPECT_THAT(refusal("format", "mxfp4"), HasSubstr("expected 32 for mxfp4"));
  EXPECT_THAT(refusal("format", "q8_0"), HasSubstr("group_size belongs to"));
  EXPECT_THAT(refusal("scale_type", "e8m0"), HasSubstr("found scales of e8m0"));
  EXPECT_THAT(refusal("misaligned", 1), HasSubstr("true or false"));
  EXPECT_THAT(refusal("variant", 9), HasSubstr("found variant 9"));
  EXPECT_THAT(refusal("threads", 0), HasSubstr("threads is out of range"));
  EXPECT_THAT(refusal("surprise", 1), HasSubstr("unknown key \"surprise\""));
  EXPECT_THAT(refusal("fidelio_op_case", 2), HasSubstr("\"fidelio_op_case\": 1"));
}

TEST(CaseFile, AnyByteOfItMayBeAnother) {
  OpFailure failure;
  failure.op_case = cases_of(*find_op_entry("attention"), {}).back();
  const std::string good = case_json(failure);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char other : {'9', '"', '}', 'x', '\0', '\xFF'}) {
      std::string text = good;
      text[i] = other;
      try {
        EXPECT_EQ(complaint_about(parse_case(text, "case.json")), "");
      } catch (const UserError&) {
        ++refused;  // anything but a UserError fails the test
      }
    }
  }
  EXPECT_GT(refused, good.size());
}

TEST(CaseFile, OtherTextIsRefused) {
  EXPECT_THAT(user_error_of([] { parse_case("{", "case.json"); }), HasSubstr("case.json"));
  EXPECT_THAT(user_error_of([] { parse_case("{}", "case.json"); }), HasSubstr("no case"));
  EXPECT_THAT(user_error_of([] { parse_case(R"({"fidelio_op_case": 1})", "case.json"); }),
              HasSubstr("found no \"op\""));
}

}  // namespace
}  // namespace fidelio::testing
