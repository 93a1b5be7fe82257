// What catalogue files may say, when triggers fire, what a right location is, and in which order
// sums are added.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/catalogue/defect_run.h"
#include "tests/catalogue/ordered_sum.h"
#include "tests/catalogue/reordering_file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio::catalogue {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::user_error_of;

const nlohmann::json kDefect = {
    {"summary", "x"},          {"fault", "wrong_epsilon"},      {"op", "add_rms_norm"},
    {"patch", "add_rms_norm"}, {"parameters", {{"eps", 1e-3}}}, {"models", {"mixtral/float32"}},
    {"triggers", "all"}};

const nlohmann::json kReordering = {{"summary", "x"},
                                    {"ops", {"down_combine"}},
                                    {"sum", {{"lanes", 4}}},
                                    {"models", {"mixtral/float32"}}};

std::string defect_error(const std::string& key, const nlohmann::json& value) {
  nlohmann::json json = kDefect;
  json[key] = value;
  const TempDir dir;
  return user_error_of([&] { read_defect(dir.write("bad.json", json.dump())); });
}

std::string reordering_error(const std::string& key, const nlohmann::json& value,
                             const std::string& file = "bad.json") {
  nlohmann::json json = kReordering;
  json[key] = value;
  const TempDir dir;
  return user_error_of([&] { read_reordering(dir.write(file, json.dump())); });
}

TEST(DefectFiles, AreRead) {
  const TempDir dir;
  const DefectFile defect = read_defect(dir.write("some_name.json", kDefect.dump()));
  EXPECT_EQ(defect.name, "some_name");
  EXPECT_EQ(defect.fault.op, Op::add_rms_norm);
  EXPECT_EQ(defect.fault.numbers.at("eps"), 1e-3);
  EXPECT_EQ(defect.triggers.size(), all_triggers().size());
}

TEST(DefectFiles, RefuseWhatTheyDoNotKnow) {
  EXPECT_THAT(defect_error("trigers", "all"),
              AllOf(HasSubstr("bad.json"), HasSubstr("trigers"), HasSubstr("triggers")));
  EXPECT_THAT(defect_error("op", "add_rms_nrm"), HasSubstr("add_rms_norm"));
  EXPECT_THAT(defect_error("fault", "wrong_epsilom"), HasSubstr("wrong_epsilon"));
  EXPECT_THAT(defect_error("fault", "missing_bias"), HasSubstr("cannot be planted"));
  EXPECT_THAT(defect_error("patch", ""), HasSubstr("patch"));
  EXPECT_THAT(defect_error("models", {"mixtral/float31"}), HasSubstr("no checkpoint"));
  EXPECT_THAT(defect_error("triggers", {"sometimes"}), HasSubstr("no trigger"));
  EXPECT_THAT(defect_error("triggers", "some"), HasSubstr("expected \"all\""));
  EXPECT_THAT(defect_error("parameters", {{"epsilon", 1}}), HasSubstr("unknown key"));
}

TEST(DefectFiles, DropNoMoreThanALane) {
  nlohmann::json json = kDefect;
  json["fault"] = "dropped_tail_lane";
  json["parameters"] = {{"elements", 17}};
  const TempDir dir;
  EXPECT_THAT(user_error_of([&] { read_defect(dir.write("bad.json", json.dump())); }),
              HasSubstr("from 1 to 16"));
}

TEST(ReorderingFiles, RefuseWhatTheyDoNotKnow) {
  EXPECT_THAT(reordering_error("lanes", 4), HasSubstr("unknown key"));
  EXPECT_THAT(reordering_error("ops", {"rope"}), HasSubstr("no reordered kernel"));
  EXPECT_THAT(reordering_error("sum", {{"lanes", 0}}), HasSubstr("expected a whole number"));
  EXPECT_THAT(reordering_error("sum", {{"lanes", 4}, {"pairwise", true}}), HasSubstr("pairwise"));
  EXPECT_THAT(reordering_error("sum", {{"reduction", "branch"}}), HasSubstr("reduction"));
  EXPECT_THAT(reordering_error("experts", "random"), HasSubstr("experts"));
  EXPECT_THAT(reordering_error("routers", "all"), HasSubstr("random, tied or both"));
}

TEST(ReorderingFiles, HoldDefectsOnlyAmongTheFalseOnes) {
  EXPECT_THAT(reordering_error("dropped_tail", 1), HasSubstr("unknown key"));
  EXPECT_THAT(reordering_error("dropped_tail", 0, "false_reorderings/bad.json"),
              HasSubstr("needs dropped_tail"));
  EXPECT_THAT(reordering_error("misroute_gap", 1e-4, "false_reorderings/bad.json"),
              HasSubstr("only where router_topk"));
}

TEST(Triggers, FireWhereTheirNamesSay) {
  EXPECT_TRUE(fires_in_call(Trigger::width_7, {7, 0, 0}));
  EXPECT_FALSE(fires_in_call(Trigger::width_7, {8, 0, 0}));
  EXPECT_TRUE(fires_in_call(Trigger::second_thread, {2, 1, 0}));
  EXPECT_FALSE(fires_in_call(Trigger::second_thread, {2, 0, 0}));
  EXPECT_TRUE(fires_at_token(Trigger::late, {2, 0, 400}, 1));
  EXPECT_FALSE(fires_at_token(Trigger::late, {2, 0, 400}, 0));
  EXPECT_TRUE(fires_at_expert(Trigger::last_expert, 5, 6));
  EXPECT_FALSE(fires_at_expert(Trigger::last_expert, 4, 6));
}

TEST(Triggers, SayWhereTheyCannotFire) {
  EXPECT_THAT(why_not_applicable(Trigger::last_expert, Op::rope), HasSubstr("no experts"));
  EXPECT_EQ(why_not_applicable(Trigger::last_expert, Op::down_combine), "");
  EXPECT_EQ(why_not_applicable(Trigger::late, Op::rope), "");
}

class Location : public ::testing::Test {
 protected:
  std::string wrong() const {
    return wrong_about(found_, defect_, {{1, 1, 3}, {0, 1, 3}, {0, 1, 4}}, {9, 8, 7, 6});
  }
  DefectFile defect_ = {"d", "", {"one_ulp_scale", Op::rope, {}, ""}, "", {}, {}};
  Culprit found_ = {"", "l0.q_rot", "rope", 0, "differing bits", 0, 1, 3, 6};
};

TEST_F(Location, OfTheFirstHarmIsRight) { EXPECT_EQ(wrong(), ""); }

TEST_F(Location, OfAnythingElseIsWrong) {
  const Culprit right = found_;
  found_.op = "attention";
  EXPECT_THAT(wrong(), HasSubstr("op attention instead of rope"));
  found_ = right;
  found_.patch = "down_combine";
  EXPECT_THAT(wrong(), HasSubstr("patch"));
  found_ = right;
  found_.layer = 1;
  EXPECT_THAT(wrong(), HasSubstr("layer 1 instead of 0"));
  found_ = right;
  found_.position = 2;
  EXPECT_THAT(wrong(), HasSubstr("nothing was harmed"));
  found_ = right;
  found_.token_id = 5;
  EXPECT_THAT(wrong(), HasSubstr("token 5"));
}

/// The sum of four terms whose order shows: 1e8 + 1 is 1e8 in float32.
float four_terms(const SumOrder& order) {
  const float a[] = {1e8F, 1, -1e8F, 1};
  const float ones[] = {1, 1, 1, 1};
  return ordered_dot(a, ones, 4, order);
}

TEST(OrderedSum, AddsInTheOrderAskedFor) {
  EXPECT_EQ(four_terms({}), 1.0F);
  EXPECT_EQ(four_terms({.descending = true}), 0.0F);
  EXPECT_EQ(four_terms({.lanes = 2}), 2.0F);
  EXPECT_EQ(four_terms({.lanes = 2, .blocks = true}), 0.0F);
  EXPECT_EQ(four_terms({.pairwise = true, .leaf = 1}), 0.0F);
  EXPECT_EQ(four_terms({.lanes = 4, .reduction = Reduction::tree}), 2.0F);
  EXPECT_EQ(four_terms({.lanes = 4, .reduction = Reduction::neighbours}), 0.0F);
  EXPECT_EQ(four_terms({.lanes = 4, .reduction = Reduction::sequential}), 1.0F);
  EXPECT_EQ(four_terms({.float64 = true}), 2.0F);
}

TEST(OrderedSum, RoundsProductsOnlyWithoutFma) {
  const float a[] = {1, 1 + 0x1p-12F};
  const float b[] = {-1, 1 + 0x1p-12F};
  EXPECT_EQ(ordered_dot(a, b, 2, {.fma = true}), 0x1p-11F + 0x1p-24F);
  EXPECT_EQ(ordered_dot(a, b, 2, {.fma = false}), 0x1p-11F);
}

}  // namespace
}  // namespace fidelio::catalogue
