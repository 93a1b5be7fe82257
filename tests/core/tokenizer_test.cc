// Real sentencepiece files against what their authors published, and corrupt ones.
#include "core/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/external_data.h"
#include "tests/support/file_content.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::user_error_of;
namespace fs = std::filesystem;

constexpr const char* kStories = "stories260K/llama-dense";
constexpr const char* kMixtral = "tokenizers/mixtral/tokenizer.model.v1";

/// A copy of the stories260K tokenizer with this tokenizer_config.json beside it.
std::optional<Tokenizer> with_settings(const TempDir& dir, const fs::path& source,
                                       const std::string& settings) {
  dir.write("tokenizer.model", testing::content_of(source / "tokenizer.model"));
  dir.write("tokenizer_config.json", settings);
  return Tokenizer::open(dir.path());
}

TEST(Tokenizer, DecodesThePublishedIdsToThePublishedText) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, "stories260K");
  const auto tokenizer = Tokenizer::open(stories / "llama-dense");
  ASSERT_TRUE(tokenizer.has_value());
  const auto ids =
      nlohmann::json::parse(testing::content_of(stories / "expected_greedy_200.ids.json"));

  const std::string actual = tokenizer->decode(ids.get<std::vector<std::int32_t>>());

  std::string expected = testing::content_of(stories / "expected_greedy_200.txt");
  if (expected.ends_with('\n') && !actual.ends_with('\n')) expected.pop_back();
  EXPECT_EQ(actual, expected);
}

TEST(Tokenizer, EncodesWhatItDecodes) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, kStories);
  const auto tokenizer = Tokenizer::open(stories);
  const std::string text = "Once upon a time, there was a little girl named Lily.";

  const std::vector<std::int32_t> ids = tokenizer->encode(text);

  EXPECT_EQ(tokenizer->decode(ids), text);
  EXPECT_THAT(std::vector(ids.begin(), ids.begin() + 4), ElementsAre(403, 407, 261, 378));
  EXPECT_EQ(tokenizer->vocab_size(), 512);
}

TEST(Tokenizer, AddsBosToPromptsOnly) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, kStories);
  const auto tokenizer = Tokenizer::open(stories);

  EXPECT_TRUE(tokenizer->adds_bos());
  EXPECT_EQ(tokenizer->bos_id(), 1);
  EXPECT_EQ(tokenizer->eos_id(), 2);
  EXPECT_THAT(tokenizer->encode_prompt("Once upon"), ElementsAre(1, 403, 407));
  EXPECT_THAT(tokenizer->encode("Once upon"), ElementsAre(403, 407));
  EXPECT_THAT(tokenizer->encode_prompt(""), ElementsAre(1));
}

TEST(Tokenizer, LeavesBosOutWhereItsConfigSaysSo) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, kStories);
  const TempDir dir;

  EXPECT_FALSE(with_settings(dir, stories, R"({"add_bos_token": false})")->adds_bos());
  EXPECT_THAT(Tokenizer::open(dir.path())->encode_prompt("Once upon"), ElementsAre(403, 407));
  EXPECT_TRUE(with_settings(dir, stories, R"({"add_bos_token": true})")->adds_bos());
  EXPECT_TRUE(with_settings(dir, stories, R"({"model_max_length": 512})")->adds_bos());
}

TEST(Tokenizer, RefusesAMalformedConfig) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, kStories);
  const TempDir dir;

  EXPECT_THAT(user_error_of([&] { with_settings(dir, stories, R"({"add_bos_token": "yes"})"); }),
              AllOf(HasSubstr("tokenizer_config.json"),
                    HasSubstr("add_bos_token: found \"yes\", expected true or false")));
  EXPECT_THAT(user_error_of([&] { with_settings(dir, stories, "{"); }), HasSubstr("not JSON"));
}

TEST(Tokenizer, GivesIdsOutsideItsVocabularyTheUnknownIdsText) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, kStories);
  const auto tokenizer = Tokenizer::open(stories);
  const std::int32_t unknown[] = {403, 0, 407};

  const std::string expected = tokenizer->decode(unknown);

  for (const std::int32_t outside : {-1, 512, 1'000'000}) {
    const std::int32_t ids[] = {403, outside, 407};
    EXPECT_EQ(tokenizer->decode(ids), expected) << outside;
  }
}

// mistral-common's own tests state these ids for the first Mixtral tokenizer.
TEST(Tokenizer, EncodesAsMistralCommonDoes) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(file, kMixtral);
  const Tokenizer tokenizer = Tokenizer::open_file(file);

  EXPECT_THAT(tokenizer.encode_prompt("[INST] a [/INST]"),
              ElementsAre(1, 733, 16289, 28793, 264, 733, 28748, 16289, 28793));
  EXPECT_EQ(tokenizer.vocab_size(), 32000);
  EXPECT_EQ(tokenizer.bos_id(), 1);
}

TEST(Tokenizer, RestoresDifficultTexts) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(file, kMixtral);
  FIDELIO_EXTERNAL_DATA_OR_SKIP(vectors, "tokenizers/vectors/ggml-vocab.inp");
  const Tokenizer tokenizer = Tokenizer::open_file(file);
  const std::string all = testing::content_of(vectors);
  const std::string separator = "\n__ggml_vocab_test__\n";

  int n_texts = 0;
  for (std::size_t begin = 0, end = 0; end != std::string::npos;
       begin = end + separator.size(), ++n_texts) {
    end = all.find(separator, begin);
    const std::string text = all.substr(begin, end == std::string::npos ? end : end - begin);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }

  EXPECT_EQ(n_texts, 47);
}

TEST(Tokenizer, IsNoneWithoutAnyOfItsFiles) {
  const TempDir dir;

  EXPECT_FALSE(Tokenizer::open(dir.path()).has_value());
}

TEST(Tokenizer, RefusesACorruptModel) {
  const TempDir dir;

  for (const char* text : {"", "not a model", "\x0a\xff\xff\xff\xff\x0f"}) {
    dir.write("tokenizer.model", text);
    EXPECT_THAT(user_error_of([&] { Tokenizer::open(dir.path()); }),
                AllOf(HasSubstr((dir / "tokenizer.model").string()),
                      HasSubstr("found no sentencepiece model")));
  }
}

TEST(Tokenizer, SurvivesATruncatedModelAtAnyLength) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, kStories);
  const TempDir dir;
  const std::string whole = testing::content_of(stories / "tokenizer.model");

  int refused = 0;
  for (std::size_t length = 0; length < whole.size(); length += 97) {
    try {
      Tokenizer::open_file(dir.write("tokenizer.model", whole.substr(0, length))).encode("Once");
    } catch (const UserError&) {
      ++refused;
    }
  }

  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace fidelio
