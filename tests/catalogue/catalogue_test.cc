// A bounded part of both catalogues, one test a file: every defect with every trigger in short
// runs, every reordering on one seeded checkpoint. The whole, with 1000 ids and ten seeds, is
// fidelity_catalogue's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/catalogue/defect_table.h"
#include "tests/catalogue/reordering_file.h"
#include "tests/catalogue/reordering_table.h"

namespace fidelio::catalogue {
namespace {

const std::filesystem::path kCatalogue =
    std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/catalogue";

std::string stem(const ::testing::TestParamInfo<std::filesystem::path>& file) {
  return file.param.stem().string();
}

class DefectCatalogue : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(DefectCatalogue, IsCaughtAndLocated) {
  for (const DefectOutcome& outcome : run_defect_file(read_defect(GetParam()), {24, true}))
    EXPECT_TRUE(outcome.right()) << defect_row(outcome);
}

INSTANTIATE_TEST_SUITE_P(Files, DefectCatalogue,
                         ::testing::ValuesIn(json_files(kCatalogue / "defects")), stem);

/// On one of the file's models, another one for each seed.
std::vector<ReorderingOutcome> run_with_seed(const std::filesystem::path& file,
                                             std::uint32_t seed) {
  const Reordering reordering = read_reordering(file);
  const std::string& model = reordering.models[seed % reordering.models.size()];
  std::vector<ReorderingOutcome> out;
  for (const bool ties : {false, true})
    if (runs_on(reordering, model, ties))
      out.push_back(run_reordering(reordering, model, seed, ties));
  return out;
}

class ReorderingCatalogue : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(ReorderingCatalogue, IsNoDefect) {
  // Seeds from the name, so that the files share the models among them.
  const auto seed = static_cast<std::uint32_t>(GetParam().stem().string().size());
  for (const ReorderingOutcome& outcome : run_with_seed(GetParam(), seed))
    EXPECT_TRUE(outcome.right()) << reordering_row({outcome});
}

INSTANTIATE_TEST_SUITE_P(Files, ReorderingCatalogue,
                         ::testing::ValuesIn(json_files(kCatalogue / "reorderings")), stem);

class FalseReordering : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(FalseReordering, IsADefect) {
  for (const ReorderingOutcome& outcome : run_with_seed(GetParam(), 1))
    EXPECT_TRUE(outcome.right()) << reordering_row({outcome});
}

INSTANTIATE_TEST_SUITE_P(Files, FalseReordering,
                         ::testing::ValuesIn(json_files(kCatalogue / "false_reorderings")), stem);

TEST(Catalogue, AFaultThatDoesNothingIsNotCaught) {
  DefectFile defect = read_defect(kCatalogue / "defects/gate_up_one_ulp.json");
  defect.fault.name = "none";
  defect.triggers = {Trigger::always};

  const std::vector<DefectOutcome> outcomes = run_defect_file(defect, {24, true});

  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].verdict, "EXACT");
  EXPECT_FALSE(outcomes[0].caught());
  EXPECT_FALSE(outcomes[0].right());
  EXPECT_THAT(defect_row(outcomes[0]), ::testing::HasSubstr("NO: not caught"));
}

TEST(Catalogue, TheContractsOwnOrderIsExact) {
  Reordering same;
  same.name = "contract";
  same.ops = {Op::gate_up_swiglu, Op::down_combine, Op::add_rms_norm, Op::linear};
  same.sum.lanes = 16;
  EXPECT_EQ(run_reordering(same, "qwen3_moe/mlx4g64", 1, false).verdict, "EXACT");
}

TEST(Catalogue, TiedRoutersFlipUnderRoundingAndOthersDoNot) {
  const Reordering naive = read_reordering(kCatalogue / "reorderings/all_fused_1_lane_no_fma.json");
  FlipCount tied;
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    const ReorderingOutcome with_ties = run_reordering(naive, "mixtral/float32", seed, true);
    tied.flips += with_ties.spied.flips;
    EXPECT_LT(with_ties.spied.first_gap, 1e-4);
  }
  EXPECT_GT(tied.flips, 0);
  EXPECT_EQ(run_reordering(naive, "mixtral/float32", 1, false).spied.flips, 0);
}

TEST(Catalogue, ATieInThePromptExplainsTheTokensThatItChanges) {
  const Reordering lanes = read_reordering(kCatalogue / "reorderings/linear_8_lanes.json");
  const ReorderingOutcome outcome = run_reordering(lanes, "qwen3_moe/float32", 202, true);
  EXPECT_FALSE(outcome.ids_unchanged);
  EXPECT_EQ(outcome.verdict, "TIE_FLIP") << outcome.sentence;
}

TEST(Catalogue, AMisrouteIsMadeOnlyAtTies) {
  const Reordering wrong = read_reordering(kCatalogue / "false_reorderings/misroute_at_ties.json");
  EXPECT_GT(run_reordering(wrong, "olmoe/float32", 1, true).misroutes, 0);
  EXPECT_EQ(run_reordering(wrong, "olmoe/float32", 1, false).misroutes, 0);
}

}  // namespace
}  // namespace fidelio::catalogue
