// The op-level check judged by defects: every kernel is in its table, good kernels of every target
// pass, and each planted defect is found and named. Reading and writing cases is
// op_case_file_test.cc, the command ops_command_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/contract.h"
#include "tests/support/planted_op_defects.h"
#include "validate/op_checks/check_ops.h"

namespace fidelio::testing {
namespace {

OpCheckOptions options_for(const std::string& op) {
  OpCheckOptions options;
  if (!op.empty()) options.grid.ops = {op};
  return options;
}

std::set<std::string> kinds_of(const std::vector<OpFailure>& failures) {
  std::set<std::string> kinds;
  for (const OpFailure& failure : failures) kinds.insert(failure.kind);
  return kinds;
}

TEST(OpTable, HasAnEntryForEveryKernelOfTheKernelTable) {
  std::set<std::size_t> fields;
  for (const OpEntry& entry : all_op_entries()) fields.insert(entry.field);

  EXPECT_EQ(fields.size(), all_op_entries().size()) << "two entries check one kernel";
  EXPECT_EQ(sizeof(KernelTable), sizeof(std::string) + fields.size() * sizeof(LinearFn))
      << "a kernel without an entry in validate/op_checks/op_table.cc";
}

TEST(OpCases, HaveEveryWidthKindAndAlignmentOfEveryOp) {
  for (const OpEntry& entry : all_op_entries()) {
    std::set<std::size_t> widths;
    std::set<std::pair<DataKind, bool>> kinds;
    for (const OpCase& c : cases_of(entry, {})) {
      EXPECT_EQ(complaint_about(c), "") << describe(c);
      widths.insert(c.n_tokens);
      kinds.insert({c.data, c.misaligned});
    }
    for (std::size_t m = 1; m <= kWidestStep; ++m)
      EXPECT_EQ(widths.count(m), 1U) << entry.name << m;
    const bool scales = entry.form == OpForm::dense || entry.form == OpForm::experts;
    EXPECT_EQ(kinds.size(), scales ? 16U : 14U) << entry.name;
  }
}

TEST(OpCases, FollowFromTheSeedAlone) {
  const OpEntry& entry = *find_op_entry("linear");
  OpGrid other;
  other.seed = 2;
  EXPECT_EQ(cases_of(entry, {}), cases_of(entry, {}));
  EXPECT_NE(cases_of(entry, {}), cases_of(entry, other));
}

TEST(OpCases, OfWeightsHaveEveryFormatAndGroupSize) {
  for (const char* op :
       {"embedding", "linear", "gather_matmul", "gate_up_swiglu", "down_combine"}) {
    std::set<std::pair<WeightFormat, std::uint32_t>> formats;
    for (const OpCase& c : cases_of(*find_op_entry(op), {}))
      formats.insert({c.format, c.group_size});
    EXPECT_EQ(formats.size(), 3U + 6U * 3U + 6U) << op;  // floats, affine, mxfp4 and blocks
  }
}

/// Elements of an op's cases of one kind of data that truth does not judge, of all of them.
double unjudged_share(const OpEntry& entry, DataKind kind) {
  const KernelTable kernels = kernels_for();
  OpGrid grid;
  grid.tokens = {1, 5};
  CaseResult sum;
  for (const OpCase& c : cases_of(entry, grid)) {
    if (c.data != kind) continue;
    const CaseResult result = run_case(kernels, c, nullptr);
    sum.n_elements += result.n_elements;
    sum.n_judged += result.n_judged;
  }
  return 1 - static_cast<double>(sum.n_judged) / static_cast<double>(sum.n_elements);
}

TEST(Truth, JudgesEveryElementThatCannotOverflow) {
  for (const OpEntry& entry : all_op_entries()) {
    for (const DataKind kind : {DataKind::normal, DataKind::signed_zeros, DataKind::tiny}) {
      const bool may_cancel = entry.name == "normalize";  // its sums of both signs
      EXPECT_LE(unjudged_share(entry, kind), may_cancel ? 0.01 : 0)
          << entry.name << ", " << data_kind_name(kind);
    }
  }
}

TEST(Truth, JudgesSomeHugeElements) {
  EXPECT_GT(unjudged_share(*find_op_entry("mul"), DataKind::huge), 0.01);
  EXPECT_LT(unjudged_share(*find_op_entry("mul"), DataKind::huge), 0.9);
  EXPECT_LT(unjudged_share(*find_op_entry("linear"), DataKind::huge), 0.9);
}

class GoodKernels : public ::testing::TestWithParam<std::string> {};

TEST_P(GoodKernels, AgreeWithTruthAndTheReference) {
  OpCheckOptions options;
  if (GetParam() != kernel_targets().front()) options.grid.tokens = {1, 2, 33};

  const OpCheckResult result = check_ops_in_full(kernels_for(GetParam()), options);

  for (const OpFailure& failure : result.failures) ADD_FAILURE() << failure_text(failure);
  for (const OpSummary& op : result.ops) {
    EXPECT_GT(op.n_cases, 80U) << op.op;
    EXPECT_GT(op.n_judged, 1000U) << op.op << " is hardly held to truth";
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, GoodKernels, ::testing::ValuesIn(kernel_targets()),
                         [](const auto& param) { return param.param; });

class PlantedOpDefects : public ::testing::TestWithParam<PlantedOpDefect> {};

TEST_P(PlantedOpDefects, AreFoundAndNamed) {
  const PlantedOpDefect& defect = GetParam();
  KernelTable kernels = kernels_for();
  defect.plant(kernels);

  const std::vector<OpFailure> failures = check_ops(kernels, options_for(defect.op));

  ASSERT_FALSE(failures.empty());
  EXPECT_THAT(kinds_of(failures), ::testing::Contains(defect.kind));
  for (const OpFailure& failure : failures) {
    EXPECT_EQ(failure.op, defect.op);
    EXPECT_TRUE(defect.shows_in(failure.op_case)) << failure_text(failure);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PlantedOpDefects, ::testing::ValuesIn(planted_op_defects()),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(PlantedOpDefect, ShowsInItsOwnOpAlone) {
  KernelTable kernels = kernels_for();
  planted_op_defects().front().plant(kernels);
  EXPECT_TRUE(check_ops(kernels, options_for("softmax")).empty());
}

/// One accumulator from left to right instead of 16 lanes: other bits, no larger an error.
void reassociated_linear(const LinearArgs& args, Share share) {
  const Range rows = share.of(args.w.rows);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      float sums[2] = {};
      for (std::size_t k = 0; k < args.w.cols; ++k) {
        const float w = contract::weight_value(args.w, r, k);
        float& sum = sums[k < args.w.cols / 2 ? 0 : 1];
        sum = std::fma(w, args.x[t * args.w.cols + k], sum);
      }
      args.y[t * args.w.rows + r] = sums[0] + sums[1];
    }
  }
}

TEST(ErrorBound, AdmitsAnotherOrderOfAShortSumAndTheBitsDoNot) {
  KernelTable kernels = kernels_for();
  kernels.linear = reassociated_linear;
  OpCheckOptions options = options_for("linear");
  options.grid.rows = 8;
  options.grid.cols = 32;

  EXPECT_THAT(kinds_of(check_ops(kernels, options)), ::testing::ElementsAre("bits"));
}

TEST(ErrorBound, OfALongSumSeesASixteenthOfItMissing) {
  KernelTable kernels = kernels_for();
  kernels.linear = [](const LinearArgs& args, Share share) {
    kernels_for().linear(args, share);
    const Range rows = share.of(args.w.rows);
    for (std::size_t r = rows.begin; r < rows.end; ++r) args.y[r] *= 0.9375F;
  };
  OpCheckOptions options = options_for("linear");
  options.grid.rows = 8;
  options.grid.cols = 4096;
  options.grid.tokens = {1};
  options.workers = 1;  // kernels_for is not thread-safe

  EXPECT_THAT(kinds_of(check_ops(kernels, options)), ::testing::ElementsAre("bits", "error"));
}

TEST(CheckOps, FailuresAreTheSameHoweverManyWorkersThereAre) {
  KernelTable kernels = kernels_for();
  planted_op_defects().front().plant(kernels);
  OpCheckOptions options = options_for(planted_op_defects().front().op);
  options.workers = 1;
  const std::vector<OpFailure> alone = check_ops(kernels, options);
  options.workers = 5;
  const std::vector<OpFailure> together = check_ops(kernels, options);

  ASSERT_EQ(alone.size(), together.size());
  for (std::size_t i = 0; i < alone.size(); ++i)
    EXPECT_EQ(failure_text(alone[i]), failure_text(together[i]));
}

}  // namespace
}  // namespace fidelio::testing
