// Capsules of older versions are read strictly by their own fields, and what they lack keeps its
// default; newer ones are refused before anything else is looked at.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capsules/json.h"
#include "capsules/verdict.h"
#include "tests/capsules/capsule_error_of.h"
#include "tests/capsules/example_record.h"

namespace fidelio {
namespace {

using nlohmann::json;
using testing::capsule_error_of;
using testing::example_record;
using testing::full_record;
using ::testing::HasSubstr;

std::string refusal_of_version(const std::string& text) {
  return capsule_error_of([&] { from_json(text, "c.json"); });
}

void erase(json& object, const std::vector<const char*>& keys) {
  for (const char* key : keys) EXPECT_EQ(object.erase(key), 1U) << key;
}

/// What version 5 brought.
void erase_version_5(json& document) {
  for (json& comparison : document["comparisons"]) erase(comparison, {"margins"});
}

/// What versions 4 and 5 brought.
void erase_version_4(json& document) {
  erase_version_5(document);
  erase(document, {"launches"});
  erase(document["options"], {"looks", "launches", "confirm"});
  for (json& run : document["runs"]) erase(run, {"voluntary_switches", "cpu_mhz", "launch"});
  if (!document["noise_floor"].is_null())
    erase(document["noise_floor"], {"model", "series", "pairs", "measured"});
}

/// The record as version 1 or 2 wrote it.
json in_version(int version, const Record& record) {
  json document = json::parse(to_json(record));
  document["schema_version"] = version;
  erase_version_4(document);
  erase(document, {"route_flips", "router_noise", "references", "sites"});
  erase(document["options"], {"sampled_steps", "lengths", "budget"});
  for (json& patch : document["patches"]) erase(patch, {"rounding"});
  for (json& comparison : document["comparisons"])
    erase(comparison, {"routing", "first_change", "widest_change", "route_flips", "metrics"});
  if (version == 1) erase(document, {"load_mode"});
  return document;
}

TEST(CapsuleVersions, Version1WasMapped) {
  const Record read = from_json(in_version(1, example_record()).dump(), "c.json");

  EXPECT_EQ(read.load_mode, "mmap");
  EXPECT_EQ(read.schema_version, 5);
  EXPECT_EQ(read.load_ns, example_record().load_ns);
  EXPECT_EQ(from_json(in_version(2, example_record()).dump(), "c.json").load_mode, "read");
}

TEST(CapsuleVersions, Version4HadNoMargins) {
  Record record = full_record();
  EXPECT_THAT(record.comparisons[0].margins, ::testing::Not(::testing::IsEmpty()));
  json document = json::parse(to_json(record));
  document["schema_version"] = 4;
  erase_version_5(document);

  const Record read = from_json(document.dump(), "c.json");

  for (const ComparisonRecord& c : read.comparisons) EXPECT_TRUE(c.margins.empty());
  EXPECT_EQ(judge(read).exit_code, judge(record).exit_code);
}

TEST(CapsuleVersions, Version3TimedInOneProcess) {
  json document = json::parse(to_json(example_record()));
  document["schema_version"] = 3;
  erase_version_4(document);

  const Record read = from_json(document.dump(), "c.json");

  EXPECT_TRUE(read.launches.empty());
  EXPECT_EQ(read.options.looks, 1);
  EXPECT_EQ(read.noise_floor->series, 0);
  EXPECT_EQ(judge(read).exit_code, judge(example_record()).exit_code);
}

TEST(CapsuleVersions, ComparisonsOfVersion2AreFree) {
  Record record = example_record();
  record.comparisons[1].argmax_changes = 2;
  record.comparisons[1].first_argmax_change = 6;

  const Record read = from_json(in_version(2, record).dump(), "c.json");

  ASSERT_EQ(read.comparisons.size(), record.comparisons.size());
  for (const ComparisonRecord& c : read.comparisons) EXPECT_EQ(c.routing, "free");
  EXPECT_EQ(read.comparisons[1].argmax_changes, 2);
  EXPECT_FALSE(read.comparisons[1].first_change.has_value());
  EXPECT_EQ(read.comparisons[1].metrics.same_top_p, 1);
  EXPECT_TRUE(read.sites.empty());
  EXPECT_FALSE(read.options.budget.has_value());
}

TEST(CapsuleVersions, AnOlderCapsuleIsJudgedByThePresentRules) {
  EXPECT_EQ(judge(from_json(in_version(1, example_record()).dump(), "c.json")).fidelity, "EXACT");
  Record record = example_record();
  record.patches[0].numerics = "reassociated";
  record.comparisons[1].differing_positions = 2;
  EXPECT_EQ(judge(from_json(in_version(2, record).dump(), "c.json")).fidelity, "INCOMPLETE");
}

TEST(CapsuleVersions, AFieldOfALaterVersionIsUnknown) {
  json first = in_version(1, example_record());
  first["load_mode"] = "mmap";
  EXPECT_THAT(refusal_of_version(first.dump()), HasSubstr("found the unknown field \"load_mode\""));

  json second = in_version(2, example_record());
  second["comparisons"][0]["routing"] = "free";
  EXPECT_THAT(refusal_of_version(second.dump()),
              HasSubstr("$.comparisons[0]: found the unknown field \"routing\""));
}

TEST(CapsuleVersions, AVersionHasAllItsFields) {
  json second = in_version(2, example_record());
  second.erase("load_mode");
  EXPECT_THAT(refusal_of_version(second.dump()), HasSubstr("$.load_mode: found no such field"));
  second["schema_version"] = 3;
  EXPECT_THAT(refusal_of_version(second.dump()), HasSubstr("found no such field"));
}

TEST(CapsuleVersions, AnotherOneIsRefusedBeforeAnythingElse) {
  EXPECT_THAT(refusal_of_version(R"({"schema_version": 6, "shape": "new"})"),
              HasSubstr("$.schema_version: found 6, expected 1 to 5"));
  EXPECT_THAT(refusal_of_version(R"({"schema_version": "1"})"),
              HasSubstr("found \"1\", expected 1 to 5"));
  EXPECT_THAT(refusal_of_version(R"({"schema_version": 1.0})"),
              HasSubstr("found 1.0, expected 1 to 5"));
}

TEST(CapsuleSections, HaveEachLayersNoiseAndEachPromptsReferenceOnce) {
  Record record = full_record();
  record.router_noise.push_back(record.router_noise[0]);
  EXPECT_THAT(refusal_of_version(to_json(record)),
              HasSubstr("$.router_noise[1].layer: found 7, expected each layer once"));
  record.router_noise.pop_back();
  record.references.push_back(record.references[0]);
  EXPECT_THAT(refusal_of_version(to_json(record)),
              HasSubstr("$.references[1].prompt: found 0, expected each prompt once"));
}

}  // namespace
}  // namespace fidelio
