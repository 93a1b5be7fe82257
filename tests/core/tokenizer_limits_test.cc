// Files and texts that would take time or memory without end, and with which words tokenizers stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/tokenizer.h"
#include "core/tokenizers/budget.h"
#include "core/tokenizers/settings.h"
#include "core/tokenizers/split.h"
#include "core/tokenizers/tokenizer_json.h"
#include "core/tokenizers/tokenizer_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::user_error_of;
using tokenizers::Budget;

/// A tokenizer.json with letters and nothing around them.
json small() {
  return json::parse(R"({
    "version": "1.0", "added_tokens": [],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "-": 3}, "merges": [["a", "b"]]}})");
}
json replace(const json& pattern, const std::string& content) {
  return {{"type", "Replace"}, {"pattern", pattern}, {"content", content}};
}
json split_at(const std::string& pattern) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}};
}
json added(int id, const std::string& content, bool normalized) {
  return {{"id", id}, {"content", content}, {"special", false}, {"normalized", normalized}};
}

Tokenizer opened(const TempDir& dir, const json& document) {
  dir.write("tokenizer.json", document.dump());
  return Tokenizer::open(dir.path()).value();
}

TEST(TokenizerLimits, NestingAndGroupsWithoutEnd) {
  const TempDir dir;
  json document = small();
  json deep = {{"type", "NFC"}};
  for (int i = 0; i < 40; ++i) deep = {{"type", "Sequence"}, {"normalizers", json::array({deep})}};
  document["normalizer"] = deep;
  EXPECT_THAT(user_error_of([&] { opened(dir, document); }), HasSubstr("nesting deeper than 32"));

  document = small();
  document["pre_tokenizer"] = split_at(std::string(5000, '(') + "a" + std::string(5000, ')'));
  EXPECT_THAT(user_error_of([&] { opened(dir, document); }), HasSubstr("nested deeper than 200"));
}

// A pattern that backtracks without end must end in a message, in little time.
TEST(TokenizerLimits, APatternThatBacktracksWithoutEnd) {
  const TempDir dir;
  json document = small();
  document["pre_tokenizer"] = split_at("(?:a+)+(?:b|c)");
  const Tokenizer tokenizer = opened(dir, document);

  EXPECT_THAT(tokenizer.encode("aab"), ElementsAre(0, 2));
  EXPECT_THAT(
      user_error_of([&] { tokenizer.encode(std::string(100, 'a')); }),
      AllOf(HasSubstr("pre_tokenizer: the pattern failed on 100 bytes"), HasSubstr("limit")));
}

TEST(TokenizerLimits, AnAddedTokenThatTheNormalizerBlowsUp) {
  const TempDir dir;
  json document = small();
  document["normalizer"] = replace({{"String", "a"}}, std::string(4096, 'a'));
  document["added_tokens"] = {added(4, std::string(4096, 'a'), true)};
  const auto message = AllOf(HasSubstr("tokenizer.json: added_tokens: found more than 65536 bytes"),
                             HasSubstr("the token with id 4"), HasSubstr("expected"));
  EXPECT_THAT(user_error_of([&] { opened(dir, document); }), message);

  // The first step alone makes 64 KiB of it; the second one must not be let loose on them.
  document["added_tokens"] = {added(4, std::string(16, 'a'), true)};
  EXPECT_EQ(opened(dir, document).vocab_size(), 5);
  document["normalizer"] = {{"type", "Sequence"},
                            {"normalizers", {document["normalizer"], document["normalizer"]}}};
  EXPECT_THAT(user_error_of([&] { opened(dir, document); }), message);
}

TEST(TokenizerLimits, AddedTokensThatAreLargeTogether) {
  const TempDir dir;
  json document = small();
  document["normalizer"] = replace({{"String", "a"}}, std::string(4096, 'b'));
  for (int i = 0; i < 300; ++i) {
    document["added_tokens"][static_cast<std::size_t>(i)] =
        added(4 + i, std::string(15, 'a') + std::to_string(i), true);
  }
  EXPECT_THAT(user_error_of([&] { opened(dir, document); }),
              HasSubstr("added_tokens: found more than 16777216 bytes of tokens"));
}

TEST(TokenizerLimits, OfAddedTokensThatBeginAlikeTheLongestIsFound) {
  const TempDir dir;
  json document = small();
  document["added_tokens"] = {added(4, "<", false),  added(5, "<a", false), added(6, "<a>b", false),
                              added(7, "<é", false), added(8, "é", false),  added(9, "<b", false)};
  const Tokenizer tokenizer = opened(dir, document);

  EXPECT_THAT(tokenizer.encode("<a>b<a>-<-<b"), ElementsAre(6, 5, 3, 4, 3, 9));
  EXPECT_THAT(tokenizer.encode("<éé<<a"), ElementsAre(7, 8, 4, 5));
}

TEST(TokenizerLimits, StepsCountThroughNestedSequences) {
  const TempDir dir;
  json forty = {{"type", "Sequence"}, {"normalizers", json::array()}};
  for (int i = 0; i < 40; ++i) forty["normalizers"].push_back({{"type", "NFC"}});
  json document = small();
  document["normalizer"] = {{"type", "Sequence"}, {"normalizers", {forty}}};
  EXPECT_THAT(opened(dir, document).encode("ab"), ElementsAre(2));

  document["normalizer"]["normalizers"].push_back(forty);

  EXPECT_THAT(user_error_of([&] { opened(dir, document); }),
              HasSubstr("normalizer.normalizers[1].normalizers: found step 82, expected at most 64 "
                        "steps, inner Sequences included"));
}

// Steps that each take little time together take much: they share what the text has.
TEST(TokenizerLimits, OneBudgetForAllStepsOfAText) {
  using std::chrono::milliseconds;
  json document = small();
  json splits = json::array();
  for (int i = 0; i < 60; ++i) splits.push_back(split_at("(?:a|a){18}[bc]"));
  document["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", splits}};
  const auto model = tokenizers::tokenizer_of_json(document, "a test", {});
  const std::string text(50, 'a');

  EXPECT_THAT(user_error_of([&] { model->encode(text, Budget(milliseconds(50))); }),
              HasSubstr("found a text that takes longer than 50 ms, expected less"));
}

TEST(TokenizerLimits, NothingThatMatchesGoesOnWithoutBudget) {
  const Budget none(std::chrono::milliseconds(0));
  json by_pattern = small();
  by_pattern["normalizer"] = replace({{"Regex", "a"}}, "b");
  json by_added_token = small();
  by_added_token["added_tokens"] = {added(4, "<", false)};
  by_added_token["added_tokens"][0]["rstrip"] = true;

  for (const json& document : {by_pattern, by_added_token}) {
    const auto model = tokenizers::tokenizer_of_json(document, "a test", {});
    EXPECT_NO_THROW(model->encode("< a", Budget()));
    EXPECT_THAT(user_error_of([&] { model->encode("< a", none); }),
                HasSubstr("takes longer than 0 ms"));
  }
}

TEST(TokenizerLimits, ADecoderMayNotLengthenTexts) {
  const TempDir dir;
  json document = small();
  document["decoder"] = replace({{"String", "a"}}, "aa");
  EXPECT_THAT(user_error_of([&] { opened(dir, document); }),
              HasSubstr("content: found \"aa\", expected no more bytes than the pattern's"));

  document["decoder"] = replace({{"String", "aa"}}, "a");
  EXPECT_NO_THROW(opened(dir, document));
}

TEST(TokenizerLimits, ReplaceAllPutsTheContentInThePlaceOfEveryMatch) {
  using tokenizers::find_all;
  using tokenizers::replace_all;

  EXPECT_EQ(replace_all("-a--b-", find_all("-a--b-", "-"), "+="), "+=a+=+=b+=");
  EXPECT_EQ(replace_all("ab", find_all("ab", "ab"), ""), "");
  EXPECT_EQ(replace_all("ab", {{1, 1}}, "-"), "a-b");
  EXPECT_EQ(replace_all("", {}, "-"), "");
}

}  // namespace
}  // namespace fidelio
