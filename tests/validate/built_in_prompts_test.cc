// The built-in prompts: long enough under every tokenizer at hand, told apart, and what a message
// calls them.
#include "validate/built_in_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "core/prefill_chunks.h"
#include "tests/support/external_data.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"
#include "validate/prompts.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kEmbeddedModel = std::string(FIDELIO_SOURCE_DIR) + "/models/kjv-moe-8m";

std::size_t words(const std::string& text) {
  std::istringstream in(text);
  return static_cast<std::size_t>(std::distance(std::istream_iterator<std::string>(in), {}));
}

/// Three bytes of UTF-8 that begin with 0xE4 to 0xE9: the CJK ideographs, nearly.
std::size_t ideographs(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xE4 && byte <= 0xE9;
  }));
}

RunOptions built_in_options() {
  RunOptions options;
  options.max_tokens = 16;
  options.prompts_file = kBuiltInSet;
  return options;
}

/// The names of `prompts` that are not longer than the guard.
std::vector<std::string> too_short(const Tokenizer& tokenizer,
                                   std::span<const BuiltInPrompt> prompts) {
  std::vector<std::string> names;
  for (const BuiltInPrompt& prompt : prompts) {
    if (tokenizer.encode_prompt(prompt.text).size() <= kGuardTokens)
      names.emplace_back(prompt.name);
  }
  return names;
}

TEST(BuiltInPrompts, AreFiveOfDifferentKinds) {
  std::set<std::string> names;
  for (const BuiltInPrompt& prompt : built_in_prompts()) names.insert(prompt.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("chinese", "code", "mathematics", "story", "technical"));
}

TEST(BuiltInPrompts, HaveFiftyWordsOrAHundredIdeographs) {
  // However large a vocabulary is, its tokens do not span words, and seldom four ideographs.
  for (const BuiltInPrompt& prompt : built_in_prompts()) {
    const bool chinese = std::string(prompt.name) == "chinese";
    EXPECT_GE(chinese ? ideographs(prompt.text) : words(prompt.text), chinese ? 140U : 50U)
        << prompt.name;
    EXPECT_LE(words(prompt.text), 120U) << prompt.name;
    EXPECT_EQ(ideographs(prompt.text) > 0, chinese) << prompt.name;
  }
}

TEST(BuiltInPrompts, TheCodeIsCode) {
  const BuiltInPrompt& code = built_in_prompts()[2];
  EXPECT_STREQ(code.name, "code");
  EXPECT_THAT(code.text, AllOf(HasSubstr("\n    for start"), HasSubstr("\n        if start")));
}

TEST(BuiltInPrompts, AreLongerThanTheGuardForTheEmbeddedModel) {
  const Tokenizer tokenizer = Tokenizer::open(kEmbeddedModel).value();
  EXPECT_THAT(too_short(tokenizer, built_in_prompts()), ::testing::IsEmpty());

  const std::vector<BuiltInPrompt> short_ones = {{"short", "In the beginning"}};
  EXPECT_THAT(too_short(tokenizer, short_ones), ::testing::ElementsAre("short"));
}

TEST(BuiltInPrompts, AreLongerThanTheGuardForPublishedTokenizers) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(folder, "tokenizers");
  for (const Tokenizer& tokenizer : {Tokenizer::open(folder / "gpt-neox-olmo").value(),
                                     Tokenizer::open(folder / "qwen2").value(),
                                     Tokenizer::open_file(folder / "mixtral/tokenizer.model.v1")}) {
    EXPECT_THAT(too_short(tokenizer, built_in_prompts()), ::testing::IsEmpty());
  }
}

TEST(BuiltInPrompts, AreReadInTheirOrderWithTheirNewlines) {
  const auto model = load_model(kEmbeddedModel);
  const std::vector<PromptRecord> prompts = read_prompts(*model, built_in_options());
  ASSERT_EQ(prompts.size(), 5U);
  std::set<std::string> hashes;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    EXPECT_EQ(prompts[i].text, built_in_prompts()[i].text);
    hashes.insert(prompts[i].ids_xxh3_128);
  }
  EXPECT_EQ(hashes.size(), 5U);
}

TEST(BuiltInPrompts, AreFiveSetsOfIdsForAModelWithoutATokenizer) {
  const auto model =
      load_model(std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/qwen3_moe/mlx4g64");
  const std::vector<PromptRecord> prompts = read_prompts(*model, built_in_options());
  ASSERT_EQ(prompts.size(), built_in_prompts().size());
  std::set<std::vector<std::int32_t>> different;
  for (const PromptRecord& prompt : prompts) {
    EXPECT_FALSE(prompt.text.has_value());
    EXPECT_GT(prompt.ids.size(), static_cast<std::size_t>(kGuardTokens));
    different.insert(prompt.ids);
  }
  EXPECT_EQ(different.size(), 5U);

  RunOptions plain;
  plain.max_tokens = 16;
  EXPECT_EQ(read_prompts(*model, plain).at(0).ids, prompts[0].ids);
}

TEST(BuiltInPrompts, AFileOfTheirNameIsReachedByItsFolder) {
  const TempDir dir;
  dir.write("builtin", "In the beginning\n\nAnd it came to pass\n");
  RunOptions options = built_in_options();
  options.prompts_file = dir / "builtin";
  const std::vector<PromptRecord> prompts = read_prompts(*load_model(kEmbeddedModel), options);
  ASSERT_EQ(prompts.size(), 2U);
  EXPECT_EQ(prompts[1].text, "And it came to pass");
  EXPECT_FALSE(is_built_in_set("./builtin"));
}

TEST(BuiltInPrompts, AMessageSaysWhichPromptDoesNotFit) {
  const auto model = load_model(kEmbeddedModel);
  RunOptions options = built_in_options();
  options.max_tokens = 3700;  // room for 396 tokens: the Chinese prompt has more of single bytes
  EXPECT_THAT(user_error_of([&] { read_prompts(*model, options); }),
              AllOf(HasSubstr("--max-tokens: found 3700 after the built-in prompt \"chinese\" of "),
                    HasSubstr("expected at most 4096 (max_position_embeddings of kjv-moe-8m)")));

  const TempDir dir;
  dir.write("two.txt", "In\n" + std::string(4000, '1') + "\n");
  options.prompts_file = dir / "two.txt";
  EXPECT_THAT(user_error_of([&] { read_prompts(*model, options); }),
              HasSubstr("--max-tokens: found 3700 after prompt 2 of two.txt of "));

  options.prompts_file.reset();
  options.max_tokens = 4090;
  EXPECT_THAT(user_error_of([&] { read_prompts(*model, options); }),
              HasSubstr("--max-tokens: found 4090 after the prompt of "));
  options.max_tokens = 16;
  EXPECT_EQ(read_prompts(*model, options).size(), 1U);
}

}  // namespace
}  // namespace fidelio::testing
