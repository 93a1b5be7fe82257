// Policy files: what is read, what is refused with which message, and that the published schema and
// the reader agree.
#include "capsules/gate_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "capsules/capsule_error.h"
#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

json whole_policy() {
  return json::parse(R"({
    "policy_version": 1, "verdicts": ["EXACT", "TIE_FLIP"],
    "budget": {"mean_kld": 0.01, "kld_99_9": 0.3, "rms_delta_p": 0.02, "same_top_p": 0.98},
    "margins": {"decode": 0.01, "prefill": 0.05}, "timing": "required", "inconclusive": "pass",
    "min_pairs": 30, "looks": 1, "confirm": true,
    "max_noise_floor": {"decode": 0.004, "prefill": 0.006}, "holm": true,
    "models": ["a", "b"], "patches": ["gate_up_swiglu"],
    "prompts": [{"text": "x", "ids_xxh3_128": null, "model": "a"},
                {"ids_xxh3_128": "99aa06d3014798d86001c324468d497f"}],
    "max_age_days": 30, "clean_tree": true, "same_numerics": true})");
}

std::string refusal_of_policy(const json& document) {
  try {
    policy_from_json(document.dump(), "p.json");
  } catch (const CapsuleError& error) {
    return error.what();
  }
  return "";
}

TEST(GatePolicyFile, ReadsEveryField) {
  const GatePolicy policy = policy_from_json(whole_policy().dump(), "p.json");
  EXPECT_THAT(policy.verdicts, ::testing::ElementsAre("EXACT", "TIE_FLIP"));
  EXPECT_EQ(policy.budget->same_top_p, 0.98);
  EXPECT_EQ(policy.margins.decode, 0.01);
  EXPECT_EQ(policy.margins.prefill, 0.05);
  EXPECT_EQ(policy.timing, "required");
  EXPECT_EQ(policy.inconclusive, "pass");
  EXPECT_EQ(policy.min_pairs, 30);
  EXPECT_EQ(policy.looks, 1);
  EXPECT_EQ(policy.max_noise_floor->prefill, 0.006);
  EXPECT_EQ(policy.models.size(), 2U);
  EXPECT_EQ(policy.prompts[0].model, "a");
  EXPECT_EQ(policy.prompts[1].text, std::nullopt);
  EXPECT_EQ(policy.max_age_days, 30);
  EXPECT_TRUE(policy.confirm && policy.holm && policy.clean_tree && policy.same_numerics);
}

TEST(GatePolicyFile, KeepsTheDefaultsOfWhatIsMissing) {
  const GatePolicy policy = policy_from_json(R"({"policy_version": 1})", "p.json");
  EXPECT_EQ(policy.verdicts.size(), 4U);
  EXPECT_EQ(policy.margins.decode, 0.02);
  EXPECT_EQ(policy.margins.prefill, 0.03);
  EXPECT_EQ(policy.timing, "capsule");
  EXPECT_EQ(policy.inconclusive, "fail");
  EXPECT_EQ(policy.looks, 2);
  EXPECT_FALSE(policy.budget || policy.max_noise_floor || policy.max_age_days);
  const GatePolicy half =
      policy_from_json(R"({"policy_version": 1, "margins": {"decode": 0.5}})", "p.json");
  EXPECT_EQ(half.margins.prefill, 0.03);
}

struct Value {
  const char* pointer;
  json value;
  const char* message;  ///< nullptr: good
};

const Value kValues[] = {
    {"/policy_version", 2, "p.json: $.policy_version: found 2, expected 1"},
    {"/policy_version", "1", "$.policy_version: found \"1\", expected 1"},
    {"/unknown", true, "p.json: $: found the unknown field \"unknown\", expected policy_version,"},
    {"/margins/train", 0.1,
     "$.margins: found the unknown field \"train\", expected decode, prefill"},
    {"/prompts/0/id", "x", "$.prompts[0]: found the unknown field \"id\""},
    {"/verdicts", json::array(), "$.verdicts: found [], expected at least one verdict"},
    {"/verdicts/1", "BROKEN", "$.verdicts[1]: found \"BROKEN\", expected one of \"EXACT\""},
    {"/verdicts/1", "APPROXIMATE", nullptr},
    {"/budget", nullptr, nullptr},
    {"/budget/mean_kld", "NaN", "$.budget.mean_kld: found nan, expected a finite number"},
    {"/budget/same_top_p", 1.5, "$.budget.same_top_p: found 1.5, expected a number from 0 to 1"},
    {"/margins/decode", -0.1, "$.margins.decode: found -0.1, expected a number from 0 to 1"},
    {"/margins/decode", 1.5, "$.margins.decode: found 1.5"},
    {"/margins/decode", "NaN", "$.margins.decode: found nan, expected a finite number"},
    {"/margins/decode", 0, nullptr},
    {"/timing", "always", "$.timing: found \"always\", expected one of \"required\", \"ignored\""},
    {"/inconclusive", true, "$.inconclusive: found true"},
    {"/min_pairs", -1, "$.min_pairs: found -1, expected an integer of 0 or more"},
    {"/min_pairs", 1.5, "$.min_pairs: found 1.5"},
    {"/looks", 0, "$.looks: found 0"},
    {"/looks", 3, "$.looks: found 3, expected 1 or 2"},
    {"/confirm", 1, "$.confirm: found 1, expected true or false"},
    {"/max_noise_floor", nullptr, nullptr},
    {"/max_noise_floor/decode", "Infinity", "$.max_noise_floor.decode: found"},
    {"/models/0", 5, "$.models[0]: found 5, expected a string"},
    {"/patches/0", true, "$.patches[0]: found true, expected a string"},
    {"/prompts/0/text", nullptr, "$.prompts[0]: found neither, expected a text or ids_xxh3_128"},
    {"/prompts/1/ids_xxh3_128", "99AA", "$.prompts[1].ids_xxh3_128: found \"99AA\", expected 32"},
    {"/max_age_days", -3, "$.max_age_days: found -3"},
    {"/max_age_days", nullptr, nullptr},
    {"/same_numerics", nullptr, "$.same_numerics: found null, expected true or false"},
};

bool schema_accepts(const json& document) {
  static const json source = [] {
    std::ifstream file(FIDELIO_SOURCE_DIR "/capsules/gate_policy.schema.json");
    return json::parse(file);
  }();
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(Adapter(source), schema);
  valijson::Validator validator;
  return validator.validate(schema, Adapter(document), nullptr);
}

TEST(GatePolicyFile, RefusesWhatTheSchemaRefusesAndSaysWhere) {
  EXPECT_TRUE(schema_accepts(whole_policy()));
  for (const auto& [pointer, value, message] : kValues) {
    json document = whole_policy();
    document[json::json_pointer(pointer)] = value;
    EXPECT_EQ(schema_accepts(document), message == nullptr) << pointer << " " << value;
    EXPECT_EQ(refusal_of_policy(document) == "", message == nullptr) << pointer << " " << value;
    if (message != nullptr) {
      EXPECT_THAT(refusal_of_policy(document), HasSubstr(message));
    }
  }
}

TEST(GatePolicyFile, RefusesHalfABudget) {
  const json whole = whole_policy();
  for (const char* section : {"budget", "max_noise_floor"}) {
    for (const auto& [key, value] : whole[section].items()) {
      json document = whole;
      document[section].erase(key);
      EXPECT_FALSE(schema_accepts(document));
      EXPECT_THAT(refusal_of_policy(document), HasSubstr("." + key + ": found no such field"));
    }
  }
}

TEST(GatePolicyFile, MayLeaveOutAnythingButItsVersion) {
  const json whole = whole_policy();
  for (const auto& [key, value] : whole.items()) {
    json document = whole;
    document.erase(key);
    EXPECT_EQ(schema_accepts(document), key != "policy_version");
    EXPECT_EQ(refusal_of_policy(document) == "", key != "policy_version");
  }
}

TEST(GatePolicyFile, RefusesTextThatIsNoPolicy) {
  for (const char* text : {"", "[]", "5", "{", R"({"policy_version": 1, "holm": true,
                           "holm": false})"})
    EXPECT_THROW(policy_from_json(text, "p.json"), CapsuleError) << text;
  const testing::TempDir folder;
  EXPECT_THROW(read_gate_policy(folder.path() / "missing.json"), CapsuleError);
  EXPECT_THROW(read_gate_policy(folder.path()), CapsuleError);
  std::ofstream(folder.path() / "large.json") << std::string(kMaxGatePolicyBytes + 1, ' ');
  EXPECT_THROW(read_gate_policy(folder.path() / "large.json"), CapsuleError);
}

TEST(GatePolicyFile, HasEachFieldInTheUsersPage) {
  std::ostringstream page;
  page << std::ifstream(FIDELIO_SOURCE_DIR "/docs/gating.md").rdbuf();
  const json whole = whole_policy();
  for (const auto& [key, value] : whole.items())
    EXPECT_THAT(page.str(), HasSubstr("`" + key + "`"));
}

}  // namespace
}  // namespace fidelio
