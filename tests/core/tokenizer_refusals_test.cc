// What tokenizers refuse, and with which words: files that ask for what is not implemented, files
// that contradict themselves, texts that are no UTF-8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/tokenizer.h"
#include "tests/support/external_data.h"
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
using Change = std::function<void(json&)>;

/// A small tokenizer.json that is read without complaint.
json good() {
  return json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 5, "content": "<s>", "special": true, "normalized": false}],
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "Split", "pattern": {"String": "-"}, "behavior": "Isolated", "invert": false},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]}}},
    "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false,
      "vocab": {"a": 0, "b": 1, "ab": 2, "-": 3, "c": 4}, "merges": [["a", "b"]]}})");
}

Tokenizer opened(const TempDir& dir, const json& document) {
  dir.write("tokenizer.json", document.dump());
  return Tokenizer::open(dir.path()).value();
}

struct Refusal {
  const char* name;
  Change change;
  const char* message;
};

void expect_refused(const std::vector<Refusal>& refusals) {
  const TempDir dir;
  EXPECT_THAT(opened(dir, good()).encode_prompt("ab-c"), ElementsAre(5, 2, 3, 4));
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    json document = good();
    refusal.change(document);
    EXPECT_THAT(user_error_of([&] { opened(dir, document); }),
                AllOf(HasSubstr((dir / "tokenizer.json").string()), HasSubstr(refusal.message),
                      HasSubstr("found"), HasSubstr("expected")));
  }
}

Change set(const char* pointer, json value) {
  return [pointer, value](json& j) { j[json::json_pointer(pointer)] = value; };
}
Change step(const char* key, const char* text) {
  return [key, value = json::parse(text)](json& j) { j[key] = value; };
}

TEST(TokenizerRefusals, ModelsThatAreNotImplementedOrContradictThemselves) {
  expect_refused({
      {"type", set("/model/type", "WordPiece"), "model.type: found \"WordPiece\", expected BPE"},
      {"dropout", set("/model/dropout", 0.1), "model.dropout: found 0.1, expected null or 0"},
      {"prefix", set("/model/continuing_subword_prefix", "##"), "continuing_subword_prefix"},
      {"suffix", set("/model/end_of_word_suffix", "</w>"), "model.end_of_word_suffix"},
      {"unknown key", set("/model/cache", 1), "model.cache: found 1, expected no such key"},
      {"unk_token", set("/model/unk_token", "<unk>"), "model.unk_token: found \"<unk>\""},
      {"no vocab", [](json& j) { j["model"].erase("vocab"); }, "model.vocab: found nothing"},
      {"vocab list", set("/model/vocab", json::array()), "model.vocab: found []"},
      {"empty",
       [](json& j) {
         j["model"]["vocab"] = json::object();
         j["model"]["merges"] = json::array();
         j["added_tokens"] = json::array();
         j["post_processor"] = nullptr;
       },
       "model.vocab: found no token"},
      {"negative id", set("/model/vocab/a", -1), "model.vocab.a: found -1"},
      {"large id", set("/model/vocab/a", 4294967296), "model.vocab.a: found 4294967296"},
      {"huge table", set("/model/vocab/a", 1 << 24), "from 0 to 16777215"},
      {"fraction", set("/model/vocab/a", 1.5), "model.vocab.a: found 1.5"},
      {"same id", set("/model/vocab/a", 1), "the id 1 for"},
      {"no merges", [](json& j) { j["model"].erase("merges"); }, "model.merges: found nothing"},
      {"unknown half", set("/model/merges/0", "a z"), "\"z\" is not in the vocabulary"},
      {"unknown whole", set("/model/merges/0", {"b", "a"}), "\"ba\" is not in the vocabulary"},
      {"merge of three", set("/model/merges/0", "a b c"), "model.merges[0]: found \"a b c\""},
      {"merge of one", set("/model/merges/0", {"a"}), "model.merges[0]: found [\"a\"]"},
      {"flag", set("/model/byte_fallback", "yes"), "model.byte_fallback: found \"yes\""},
  });
}

TEST(TokenizerRefusals, NormalizersAndPreTokenizersThatAreNotImplemented) {
  expect_refused({
      {"version", set("/version", "2.0"), "version: found \"2.0\", expected \"1.0\""},
      {"top level", set("/sampler", 1), "sampler: found 1, expected null or no such key"},
      {"normalizer", step("normalizer", R"({"type": "Lowercase"})"),
       "normalizer.type: found \"Lowercase\""},
      {"in a sequence",
       step("normalizer",
            R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]})"),
       "normalizer.normalizers[1].type: found \"Precompiled\""},
      {"no object", step("normalizer", R"("NFC")"),
       "normalizer: found \"NFC\", expected an object"},
      {"no type", step("normalizer", "{}"), "normalizer.type: found nothing"},
      {"unknown field", step("normalizer", R"({"type": "NFC", "strict": true})"),
       "normalizer.strict: found true"},
      {"pre-tokenizer", step("pre_tokenizer", R"({"type": "UnicodeScripts"})"),
       "pre_tokenizer.type: found \"UnicodeScripts\""},
      {"behavior", set("/pre_tokenizer/behavior", "Dropped"),
       "pre_tokenizer.behavior: found \"Dropped\""},
      {"no pattern", set("/pre_tokenizer/pattern", {{"Glob", "*"}}),
       "pre_tokenizer.pattern: found"},
      {"empty pattern", set("/pre_tokenizer/pattern", {{"String", ""}}),
       "a pattern that is not empty"},
      {"Metaspace", step("pre_tokenizer", R"({"type": "Metaspace", "replacement": "ab"})"),
       "replacement: found \"ab\", expected one character"},
      {"scheme",
       step("pre_tokenizer",
            R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"})"),
       "prepend_scheme: found \"last\""},
      {"old scheme",
       step("pre_tokenizer",
            R"({"type": "Metaspace", "replacement": "_", "add_prefix_space": false})"),
       "add_prefix_space: found false"},
  });
}

TEST(TokenizerRefusals, DecodersAndPostProcessorsThatAreNotImplemented) {
  expect_refused({
      {"decoder", step("decoder", R"({"type": "WordPiece"})"), "decoder.type: found \"WordPiece\""},
      {"after Fuse",
       step("decoder",
            R"({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "ByteFallback"}]})"),
       "decoder.decoders[1].type: found \"ByteFallback\", expected Strip or Fuse"},
      {"regex in decoder",
       step("decoder", R"({"type": "Replace", "pattern": {"Regex": "a"}, "content": "b"})"),
       "decoder.pattern: found a Regex"},
      {"strip", step("decoder", R"({"type": "Strip", "content": " ", "start": -1, "stop": 0})"),
       "decoder.start: found -1"},
      {"post-processor", step("post_processor", R"({"type": "BertProcessing"})"),
       "post_processor.type: found \"BertProcessing\""},
      {"template", set("/post_processor/single", json::array()), "post_processor.single: found []"},
      {"pair", set("/post_processor/single/1/Sequence/id", "B"), "post_processor.single: found"},
      {"no ids", set("/post_processor/special_tokens", json::object()), "no ids of \"<s>\""},
      {"id outside", set("/post_processor/special_tokens/<s>/ids/0", 6),
       "special_tokens: found 6, expected an integer from 0 to 5"},
  });
}

TEST(TokenizerRefusals, AddedTokensThatContradictTheVocabulary) {
  expect_refused({
      {"no list", set("/added_tokens", 3), "added_tokens: found 3"},
      {"no id", [](json& j) { j["added_tokens"][0].erase("id"); },
       "added_tokens[0].id: found nothing"},
      {"huge id", set("/added_tokens/0/id", 2147483648), "added_tokens[0].id: found 2147483648"},
      {"no content", [](json& j) { j["added_tokens"][0].erase("content"); },
       "added_tokens[0].content: found nothing"},
      {"another's id", set("/added_tokens/0/id", 1), "there it is \"b\""},
      {"another id", set("/added_tokens/0/content", "c"), "found id 5 for \"c\", expected 4"},
      {"twice", [](json& j) { j["added_tokens"].push_back(j["added_tokens"][0]); },
       "\"<s>\" (id 5), or its id, twice"},
  });
}

TEST(TokenizerRefusals, PatternsThatEnginesReadDifferently) {
  const TempDir dir;
  for (const char* pattern :
       {"(a)\\1",       "(?<n>a)",     "(?m:a)", "(?~a)",    "(*FAIL)", "a(?i)b",
        "[a[b]]",       "[[:alpha:]]", "[]a]",   "a{2}?",    "a**",     "*a",
        "(a",           "a)",          "[a",     "\\",       "\\R",     "\\X",
        "\\K",          "\\G",         "[\\W]",  "\\p{Foo}", "\\pL",    "\\p{Script=Han}",
        "(?i:\\p{Lu})", "\\x",         "\\xff",  "\\u12",    "\\01",    "[a&&b]"}) {
    json document = good();
    document["pre_tokenizer"]["pattern"] = {{"Regex", pattern}};
    EXPECT_THAT(user_error_of([&] { opened(dir, document); }),
                AllOf(HasSubstr("tokenizer.json: pre_tokenizer: found"), HasSubstr("expected")))
        << pattern;
  }
}

// Published fine-tunes keep what they were trained with.
TEST(TokenizerRefusals, TruncationAndPaddingAreReadPast) {
  const TempDir dir;
  json document = good();
  document["truncation"] = {{"max_length", 1}, {"strategy", "LongestFirst"}, {"stride", 0}};
  document["padding"] = {{"strategy", {{"Fixed", 8}}}, {"pad_id", 0}, {"pad_token", "a"}};

  EXPECT_THAT(opened(dir, document).encode_prompt("ab-c"), ElementsAre(5, 2, 3, 4));
}

TEST(TokenizerRefusals, NamedTokensWithoutAnIdAreNone) {
  const TempDir dir;
  dir.write("tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": "<lacking>"})");

  const Tokenizer tokenizer = opened(dir, good());

  EXPECT_EQ(tokenizer.bos_id(), 5);
  EXPECT_EQ(tokenizer.eos_id(), -1);
  EXPECT_EQ(tokenizer.vocab_size(), 6);
}

TEST(TokenizerRefusals, ATextThatIsNoUtf8ForEveryKind) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(data, "tokenizers");
  const TempDir dir;
  const Tokenizer kinds[] = {opened(dir, good()), Tokenizer::open(data / "qwen2").value(),
                             Tokenizer::open_file(data / "mixtral/tokenizer.model.v1")};

  for (const Tokenizer& tokenizer : kinds) {
    EXPECT_THAT(user_error_of([&] { tokenizer.encode("ab\xff"); }),
                HasSubstr("found byte 0xff at offset 2, expected UTF-8"));
    EXPECT_THAT(user_error_of([&] { tokenizer.encode_prompt("é\xe2\x82"); }),
                HasSubstr("0xe2 at offset 2"));
    EXPECT_THAT(user_error_of([&] { tokenizer.encode("\xc0\x80"); }), HasSubstr("offset 0"));
    EXPECT_THAT(user_error_of([&] { tokenizer.encode("a\xed\xa0\x80"); }), HasSubstr("offset 1"));
    EXPECT_THAT(user_error_of([&] { tokenizer.encode("\xf4\x90\x80\x80"); }),
                HasSubstr("offset 0"));
    EXPECT_NO_THROW(tokenizer.encode(std::string("a\0b", 3)));
  }
}

/// A folder with vocab.json, merges.txt and these settings.
Tokenizer old_form(const TempDir& dir, const char* settings,
                   const char* merges = "#version: 0.2\na b\n") {
  dir.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3})");
  dir.write("merges.txt", merges);
  dir.write("tokenizer_config.json", settings);
  return Tokenizer::open(dir.path()).value();
}

TEST(TokenizerRefusals, VocabAndMergesWithoutAClassThatExplainsThem) {
  const TempDir dir;
  const auto message = [&](const char* settings) {
    return user_error_of([&] { old_form(dir, settings); });
  };

  EXPECT_THAT(message("{}"), HasSubstr("tokenizer_class: found nothing, expected Qwen2Tokenizer"));
  EXPECT_THAT(message(R"({"tokenizer_class": "BartTokenizer"})"),
              HasSubstr("found \"BartTokenizer\""));
  EXPECT_THAT(message(R"({"tokenizer_class": "GPT2Tokenizer", "bos_token": "<b>"})"),
              HasSubstr("no id for \"<b>\""));
  EXPECT_THAT(
      message(
          R"({"tokenizer_class": "GPT2Tokenizer", "added_tokens_decoder": {"x": {"content": "y"}}})"),
      HasSubstr("the id \"x\""));
  EXPECT_THAT(message(R"({"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true})"),
              HasSubstr("add_bos_token"));
  EXPECT_THAT(message(R"({"tokenizer_class": "GPT2Tokenizer", "add_eos_token": true})"),
              HasSubstr("add_eos_token"));
  EXPECT_THAT(
      user_error_of([&] { old_form(dir, R"({"tokenizer_class": "GPT2Tokenizer"})", "a z\n"); }),
      HasSubstr("\"z\" is not in the vocabulary"));
  dir.write("added_tokens.json", R"({"<new>": 4})");
  EXPECT_THAT(message(R"({"tokenizer_class": "GPT2Tokenizer"})"),
              HasSubstr("added_tokens.json: <new>: found 4"));
}

TEST(TokenizerRefusals, VocabAndMergesWithOneAreRead) {
  const TempDir dir;

  const Tokenizer tokenizer =
      old_form(dir, R"({"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true,
                        "bos_token": {"content": "<|endoftext|>"}, "eos_token": "<|endoftext|>"})");

  EXPECT_THAT(tokenizer.encode_prompt("ab<|endoftext|>a"), ElementsAre(3, 2, 3, 0));
  EXPECT_EQ(tokenizer.bos_id(), 3);
  EXPECT_EQ(tokenizer.eos_id(), 3);
  EXPECT_EQ(tokenizer.vocab_size(), 4);
}

TEST(TokenizerRefusals, TokenizerJsonWinsOverTheOthers) {
  const TempDir dir;
  old_form(dir, R"({"tokenizer_class": "GPT2Tokenizer"})");
  dir.write("tokenizer.model", "not a model");
  EXPECT_THAT(user_error_of([&] { Tokenizer::open(dir.path()); }), HasSubstr("tokenizer.model"));

  EXPECT_THAT(opened(dir, good()).encode("c"), ElementsAre(4));
}

}  // namespace
}  // namespace fidelio
