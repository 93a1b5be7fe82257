// What strict parsing refuses that a plain JSON parser lets through.
#include "core/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::user_error_of;

std::string error_for(const std::string& text) {
  return user_error_of([&] { parse_json_object(text, "f.json", 4); });
}

TEST(JsonText, GivesTheObject) {
  EXPECT_EQ(parse_json_object(R"({"a": [1, {"b": null}]})", "f.json").at("a").at(0), 1);
}

TEST(JsonText, RefusesWhatIsNotJson) {
  for (const char* text :
       {"", "{", "{\"a\":}", "nonsense", "{} {}", "{\"a\": 1e999}", "{\"\xff\": 1}"}) {
    EXPECT_THAT(error_for(text), StartsWith("f.json: found text that is not JSON")) << text;
  }
}

TEST(JsonText, RefusesAnotherTopLevelValue) {
  EXPECT_EQ(error_for("[]"), "f.json: found JSON array, expected an object");
  EXPECT_EQ(error_for("7"), "f.json: found JSON number, expected an object");
}

TEST(JsonText, RefusesAKeyThatOccursTwice) {
  EXPECT_EQ(error_for(R"({"a": {"b": 1, "b": 1}})"),
            "f.json: JSON: found the key \"b\" twice, expected it once");
}

TEST(JsonText, AllowsTheSameKeyInDifferentObjects) {
  EXPECT_NO_THROW(
      parse_json_object(R"({"a": {"b": 1}, "b": {"a": 1, "b": {"a": 2}}})", "f.json", 4));
}

TEST(JsonText, RefusesDeepNestingAndAllowsTheLimit) {
  EXPECT_NO_THROW(parse_json_object(R"({"a": [[[1]]]})", "f.json", 4));
  EXPECT_THAT(error_for(R"({"a": [[[[1]]]]})"), HasSubstr("expected at most 4 levels"));
  EXPECT_THAT(error_for("{\"a\":" + std::string(1'000'000, '[')),
              HasSubstr("nesting deeper than 4"));
}

TEST(JsonText, KeepsItsMessageOnOneShortLine) {
  const std::string message = error_for("{\"" + std::string(100'000, 'x') + "\n");

  EXPECT_LT(message.size(), 400U);
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace fidelio
