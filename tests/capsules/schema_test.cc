// The published schema against the program: what the one refuses the other refuses, field by field.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "capsules/capsule_error.h"
#include "capsules/json.h"
#include "tests/capsules/example_record.h"

namespace fidelio {
namespace {

using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;
using testing::example_record;
using testing::full_record;

class CapsuleSchema : public ::testing::Test {
 protected:
  CapsuleSchema() {
    std::ifstream file(FIDELIO_SOURCE_DIR "/capsules/capsule.schema.json");
    source_ = json::parse(file);
    valijson::SchemaParser().populateSchema(Adapter(source_), schema_);
  }

  bool schema_accepts(const json& document) {
    valijson::Validator validator;
    return validator.validate(schema_, Adapter(document), nullptr);
  }

  json source_;
  valijson::Schema schema_;
};

bool reader_accepts(const json& document) {
  try {
    from_json(document.dump(), "c.json");
    return true;
  } catch (const CapsuleError&) {
    return false;
  }
}

/// The full record with as few runs as a pair has, so that all its values can be gone through.
json small_document() {
  Record record = full_record();
  record.runs.resize(4);
  record.bandwidth.resize(1);
  return json::parse(to_json(record));
}

/// Pointers to everything in `value`, containers included.
void collect(const json& value, const json::json_pointer& at, std::vector<json::json_pointer>& to) {
  to.push_back(at);
  if (value.is_object())
    for (const auto& [key, child] : value.items()) collect(child, at / key, to);
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], at / i, to);
}

std::vector<json::json_pointer> pointers_in(const json& document) {
  std::vector<json::json_pointer> pointers;
  collect(document, json::json_pointer(), pointers);
  return pointers;
}

TEST_F(CapsuleSchema, AcceptsCapsules) {
  EXPECT_TRUE(schema_accepts(json::parse(to_json(example_record()))));
  EXPECT_TRUE(schema_accepts(json::parse(to_json(full_record()))));
  EXPECT_TRUE(schema_accepts(small_document()));
  EXPECT_TRUE(reader_accepts(small_document()));
}

TEST_F(CapsuleSchema, AndTheReaderRefuseEachMissingField) {
  const json document = small_document();
  for (const json::json_pointer& pointer : pointers_in(document)) {
    if (pointer.empty() || !document[pointer.parent_pointer()].is_object()) continue;
    json mutated = document;
    mutated[pointer.parent_pointer()].erase(pointer.back());

    EXPECT_FALSE(schema_accepts(mutated)) << pointer;
    EXPECT_FALSE(reader_accepts(mutated)) << pointer;
  }
}

TEST_F(CapsuleSchema, AndTheReaderRefuseUnknownFields) {
  const json document = small_document();
  for (const json::json_pointer& pointer : pointers_in(document)) {
    if (!document[pointer].is_object()) continue;
    json mutated = document;
    mutated[pointer]["unknown"] = 1;

    EXPECT_FALSE(schema_accepts(mutated)) << pointer;
    EXPECT_FALSE(reader_accepts(mutated)) << pointer;
  }
}

/// A value that no field of `value`'s type may hold.
json of_another_type(const json& value) {
  if (value.is_string()) return -2;
  if (value.is_number()) return "x";
  if (value.is_boolean()) return 1;
  if (value.is_array()) return json::object();
  return json::array({true});
}

TEST_F(CapsuleSchema, AndTheReaderRefuseAnotherType) {
  const json document = small_document();
  for (const json::json_pointer& pointer : pointers_in(document)) {
    json mutated = document;
    mutated[pointer] = of_another_type(document[pointer]);

    EXPECT_FALSE(schema_accepts(mutated)) << pointer;
    EXPECT_FALSE(reader_accepts(mutated)) << pointer;
  }
}

TEST_F(CapsuleSchema, AndTheReaderRefuseNegativeNumbers) {
  const json document = small_document();
  for (const json::json_pointer& pointer : pointers_in(document)) {
    if (!document[pointer].is_number()) continue;
    json mutated = document;
    mutated[pointer] = -2;

    const bool in_the_prompt = pointer == json::json_pointer("/route_flips/0/position");
    EXPECT_EQ(schema_accepts(mutated), in_the_prompt) << pointer;
    EXPECT_EQ(reader_accepts(mutated), in_the_prompt) << pointer;
  }
}

struct Value {
  const char* pointer;
  json value;
  bool good;
};

const Value kValues[] = {
    {"/runs/0/pair", -1, true},
    {"/runs/0/arm", "both", false},
    {"/runs/0/ids_xxh3_128", "", true},
    {"/runs/0/ids_xxh3_128", "0123", false},
    {"/model/weights_xxh3_128", "", false},
    {"/model/weights_xxh3_128", std::string(32, 'F'), false},
    {"/model/tokenizer_xxh3_128", nullptr, true},
    {"/generations/0/baseline/stop", "length", false},
    {"/patches/0/numerics", "reassociated", true},
    {"/patches/0/numerics", "exact", false},
    {"/faults/0/kind", "expert_id", true},
    {"/faults/0/kind", "other", false},
    {"/comparisons/0/max_abs_err", "NaN", true},
    {"/comparisons/0/max_abs_err", "-Infinity", false},
    {"/evidence/0/distinct_4grams", 1.5, false},
    {"/evidence/0/distinct_4grams", "NaN", true},
    {"/prompts/0/ids/0", 2147483648, false},
    {"/noise_floor", nullptr, true},
    {"/schema_version", 6, false},
    {"/options/looks", 2, true},
    {"/options/looks", 3, false},
    {"/options/launches", 0, false},
    {"/launches/1/purpose", "measure", true},
    {"/launches/1/purpose", "retry", false},
    {"/runs/0/launch", 1, true},
    {"/comparisons/0/routing", "forced", false},
    {"/comparisons/1/first_change", nullptr, true},
    {"/comparisons/1/first_change/baseline_id", 2147483648, false},
    {"/comparisons/0/metrics/mean_kld", -1e-17, true},
    {"/comparisons/0/metrics/mean_delta_p", -0.5, true},
    {"/comparisons/0/metrics/mean_delta_p", -1.5, false},
    {"/comparisons/0/metrics/same_top_p", 1.5, false},
    {"/options/budget", nullptr, true},
    {"/route_flips/0/width", 0, false},
    {"/route_flips/0/position", -1, true},
    {"/route_flips/0/position", 0.5, false},
    {"/route_flips/0/gap", "Infinity", true},
    {"/route_flips/0/gap", -1e-9, false},
    {"/router_noise/0/rms_naive", "NaN", true},
    {"/references/0/sigma_baseline", -1.0, false},
    {"/sites/1/e_patched", "NaN", true},
    {"/sites/1/e_patched", "-Infinity", false},
    {"/sites/1/numerics", "rounded", false},
    {"/sites/1/layer", -1, true},
    {"/sites/1/worst", nullptr, true},
    {"/load_mode", "read", true},
    {"/load_mode", "copy", false},
    {"/model/revision", nullptr, true},
    {"/model/revision", "0123abcd", true},
};

TEST_F(CapsuleSchema, AndTheReaderAgreeOnValues) {
  for (const auto& [pointer, value, good] : kValues) {
    json mutated = small_document();
    mutated[json::json_pointer(pointer)] = value;

    EXPECT_EQ(schema_accepts(mutated), good) << pointer << " " << value;
    EXPECT_EQ(reader_accepts(mutated), good) << pointer << " " << value;
  }
}

/// Adds the names of all properties in `schema` and its definitions.
void collect_names(const json& schema, std::set<std::string>& to) {
  const json properties = schema.value("properties", json::object());
  for (const auto& [key, value] : properties.items()) to.insert(key);
  const json definitions = schema.value("definitions", json::object());
  for (const auto& [key, definition] : definitions.items()) collect_names(definition, to);
}

TEST_F(CapsuleSchema, HasEachFieldInTheUsersPage) {
  std::ostringstream page;
  page << std::ifstream(FIDELIO_SOURCE_DIR "/docs/capsule-format.md").rdbuf();
  std::set<std::string> names;
  collect_names(source_, names);

  EXPECT_GT(names.size(), 100U);
  for (const std::string& name : names)
    EXPECT_TRUE(page.str().find("`" + name + "`") != std::string::npos ||
                page.str().find("`" + name + "[]`") != std::string::npos)
        << name;
}

}  // namespace
}  // namespace fidelio
