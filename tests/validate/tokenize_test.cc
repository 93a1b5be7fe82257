// validate tokenize as people type it: ids that --prompt-ids takes, texts back, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// "hello" is one token, every prompt begins with <s>; no weights and no config.json beside it.
constexpr const char* kTokenizer = R"({
  "version": "1.0",
  "added_tokens": [{"id": 9, "content": "<s>", "special": true, "normalized": false}],
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
  "decoder": {"type": "ByteLevel"},
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [9], "tokens": ["<s>"]}}},
  "model": {"type": "BPE", "vocab": {"h": 0, "e": 1, "l": 2, "o": 3, "he": 4, "ll": 5, "hell": 6,
    "hello": 7, "Ċ": 8, "Ġ": 10}, "merges": ["h e", "l l", "he ll", "hell o"]}})";

class Tokenize : public ::testing::Test {
 protected:
  Tokenize() { dir_.write("model/tokenizer.json", kTokenizer); }

  ProcessResult run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY, "tokenize"};
    line.insert(line.end(), arguments.begin(), arguments.end());
    return Process(line, dir_.path()).wait();
  }
  /// The same with `input` on stdin.
  ProcessResult run_with(const std::string& input, const std::string& arguments) const {
    dir_.write("input", input);
    return Process({"/bin/sh", "-c",
                    std::string(FIDELIO_VALIDATE_BINARY) + " tokenize " + arguments + " < input"},
                   dir_.path())
        .wait();
  }
  void expect_refused(const std::vector<std::string>& arguments, const char* message) const {
    const ProcessResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.out;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(result.out, "");
  }

  TempDir dir_;
};

TEST_F(Tokenize, PrintsOneLineOfIdsAsTheModelIsPrompted) {
  const ProcessResult result = run({"model", "--text", "hello hello"});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "9,7,10,7\n");
  EXPECT_EQ(run({"model", "--text", "hello hello", "--no-bos"}).out, "7,10,7\n");
  EXPECT_EQ(run({"model", "--text", ""}).out, "9\n");
}

TEST_F(Tokenize, TakesEveryByteOfStdin) {
  EXPECT_EQ(run_with("hello\n", "model --no-bos").out, "7,8\n");
  EXPECT_EQ(run_with("", "model").out, "9\n");
}

TEST_F(Tokenize, PrintsTheTextOfIdsExactly) {
  const ProcessResult result = run({"model", "--ids", "9,7,10,8"});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "hello \n");
}

TEST_F(Tokenize, PrintsPiecesForPeopleAndJsonForMachines) {
  EXPECT_EQ(run({"model", "--text", "hello\n", "--pieces"}).out, "9\t<s>\n7\thello\n8\tĊ\n");

  const ProcessResult result = run({"model", "--text", "hello\n", "--json"});
  EXPECT_EQ(nlohmann::json::parse(result.out),
            nlohmann::json::parse(R"({"ids": [9, 7, 8], "pieces": ["<s>", "hello", "Ċ"],
                                      "text": "hello\n"})"));
}

TEST_F(Tokenize, RefusesWhatItCannotDo) {
  dir_.write("empty/README", "");
  dir_.write("damaged/tokenizer.json", "{}");

  expect_refused({"model", "--text", "a\xff"}, "found byte 0xff at offset 1, expected UTF-8");
  expect_refused({"model", "--ids", "1,x"}, "--ids");
  expect_refused({"model", "--ids", "1", "--text", "a"}, "excludes");
  expect_refused({"model", "--ids", "1", "--no-bos"}, "excludes");
  expect_refused({"empty", "--text", "a"}, "found no tokenizer, expected tokenizer.json");
  expect_refused({"damaged", "--text", "a"}, "tokenizer.json: version: found nothing");
  expect_refused({"nowhere-at-all", "--text", "a"}, "nowhere-at-all");
}

}  // namespace
}  // namespace fidelio::testing
