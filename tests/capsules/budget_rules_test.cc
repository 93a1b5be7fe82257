// Budgets of approximate runs: at each limit and just outside, and the argument that is offered.
#include "capsules/budget_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "tests/capsules/expect_verdict.h"
#include "tests/capsules/rounded_record.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Budget, IsMetExactly) {
  expect_verdict(approximate_record(), "APPROXIMATE", kPass);
  EXPECT_THAT(judge(approximate_record()).sentence, HasSubstr("within the budget"));
}

TEST(Budget, NamesTheFigureOutsideIt) {
  const struct {
    double BudgetRecord::*limit;
    double direction;
    const char* name;
  } kCases[] = {{&BudgetRecord::mean_kld, 0, "outside the budget: mean KLD 0.0113, at most"},
                {&BudgetRecord::kld_99_9, 0, "outside the budget: 99.9% KLD 0.307, at most"},
                {&BudgetRecord::rms_delta_p, 0, "outside the budget: RMS delta p 0.0208, at most"},
                {&BudgetRecord::same_top_p, 1, "outside the budget: same top p 0.9815, at least"}};
  for (const auto& [limit, direction, name] : kCases) {
    Record record = approximate_record();
    double& value = (*record.options.budget).*limit;
    value = std::nextafter(value, direction);
    expect_verdict(record, "APPROXIMATE", kFidelity);
    EXPECT_THAT(judge(record).sentence, HasSubstr(name));
    value = std::nan("");
    expect_verdict(record, "APPROXIMATE", kFidelity);
  }
}

TEST(Budget, CountsTheWorstFreeComparisonAndNoRoutedOne) {
  Record record = approximate_record();
  for (ComparisonRecord& c : record.comparisons)
    if (c.routing == "routed") c.metrics.mean_kld = 9;
  expect_verdict(record, "APPROXIMATE", kPass);
  comparison_of(record, 1, 5, "free").metrics.mean_kld = 0.02;
  expect_verdict(record, "APPROXIMATE", kFidelity);
}

TEST(Budget, WithoutOneSaysWhichToGive) {
  Record record = approximate_record();
  record.options.budget.reset();
  expect_verdict(record, "APPROXIMATE", kFidelity);
  EXPECT_THAT(judge(record).sentence,
              HasSubstr("no budget was given; these figures need --budget "
                        "mean_kld=0.012,kld_99.9=0.31,rms_dp=0.021,same_top_p=0.981"));
}

TEST(Budget, IsNotOfferedForWhatIsNoNumber) {
  Record record = approximate_record();
  record.options.budget.reset();
  comparison_of(record, 1, 5, "free").metrics.kld_99_9 = std::nan("");
  expect_verdict(record, "APPROXIMATE", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("no budget covers it"));
}

TEST(BudgetArgument, CoversTheFiguresThatItWasMadeFrom) {
  for (const double figure : {1e-12, 3.05e-7, 0.00999, 0.0995, 0.1, 0.123456, 0.995, 1.0, 37.4}) {
    const BudgetRecord figures{figure, figure * 1.1, figure / 3, 1 - figure / 40};
    BudgetRecord budget;
    const std::string argument = budget_argument(figures);
    ASSERT_EQ(std::sscanf(
                  argument.c_str(), "--budget mean_kld=%lf,kld_99.9=%lf,rms_dp=%lf,same_top_p=%lf",
                  &budget.mean_kld, &budget.kld_99_9, &budget.rms_delta_p, &budget.same_top_p),
              4)
        << argument;
    EXPECT_LE(figures.mean_kld, budget.mean_kld) << argument;
    EXPECT_LE(budget.mean_kld, figures.mean_kld * 1.1) << argument;
    EXPECT_LE(figures.kld_99_9, budget.kld_99_9) << argument;
    EXPECT_LE(figures.rms_delta_p, budget.rms_delta_p) << argument;
    EXPECT_GE(figures.same_top_p, budget.same_top_p) << argument;
    EXPECT_GE(budget.same_top_p, figures.same_top_p - 0.002) << argument;
  }
}

TEST(BudgetArgument, OfNoCostIsZero) {
  EXPECT_EQ(budget_argument({0, -1e-17, 0, 1}),
            "--budget mean_kld=0,kld_99.9=0,rms_dp=0,same_top_p=1.000");
}

}  // namespace
}  // namespace fidelio::testing
