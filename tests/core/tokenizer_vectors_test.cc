// Every string of tests/data/tokenizer_vectors with the ids that the `tokenizers` and the
// `sentencepiece` package give (tests/data/make_tokenizer_vectors.py): real tokenizers from the
// external data, and small ones for what those do not reach.
#include "tests/core/tokenizer_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "core/tokenizer.h"
#include "tests/support/external_data.h"
#include "tests/support/file_content.h"
#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

using nlohmann::json;
using testing::TempDir;

TEST(TokenizerVectors, GptNeoxIsTheTokenizersPackages) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/gpt-neox-olmo");

  expect_equal(Tokenizer::open(dir).value(), "gpt_neox_olmo");
}

TEST(TokenizerVectors, Qwen2IsTheTokenizersPackages) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/qwen2");

  expect_equal(Tokenizer::open(dir).value(), "qwen2");
}

TEST(TokenizerVectors, MixtralIsTheSentencepiecePackages) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(file, "tokenizers/mixtral/tokenizer.model.v1");

  expect_equal(Tokenizer::open_file(file), "mixtral");
}

// The sabotage twins: a tokenizer.json that says something else gives other ids.
TEST(TokenizerVectors, ADamagedGptNeoxIsSeen) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/gpt-neox-olmo");
  const json whole = json::parse(testing::content_of(dir / "tokenizer.json"));
  const auto differences_of = [&](const std::function<void(json&)>& damage) {
    json damaged = whole;
    damage(damaged);
    const TempDir copy;
    copy.write("tokenizer.json", damaged.dump());
    return compare(Tokenizer::open(copy.path()).value(), "gpt_neox_olmo", /*report=*/false);
  };

  EXPECT_EQ(differences_of([](json&) {}).encoded, 0);
  EXPECT_GT(differences_of([](json& j) { j["normalizer"] = nullptr; }).encoded, 10);
  EXPECT_GT(differences_of([](json& j) { j["pre_tokenizer"]["use_regex"] = false; }).encoded, 10);
  EXPECT_GT(differences_of([](json& j) { j["pre_tokenizer"]["add_prefix_space"] = true; }).encoded,
            10);
  EXPECT_GT(differences_of([](json& j) { j["added_tokens"].erase(2); }).encoded, 0);
  EXPECT_GT(differences_of([](json& j) {
              std::swap(j["model"]["merges"][1], j["model"]["merges"][9000]);
            }).encoded,
            0);
  EXPECT_GT(differences_of([](json& j) { j["decoder"] = nullptr; }).decoded, 10);
}

// Time that grows with the square of the length would take hours here; the test's time limit ends
// it.
TEST(TokenizerVectors, AMegabyteWithoutSpacesTakesSeconds) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/gpt-neox-olmo");
  const Tokenizer tokenizer = Tokenizer::open(dir).value();
  std::string letters(std::size_t{1} << 20, 'a');
  std::uint32_t state = 1;
  for (char& c : letters) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>('a' + (state >> 24U) % 26U);
  }

  for (const std::string& text : {letters, std::string(letters.size(), 'a')}) {
    const Ids ids = tokenizer.encode(text);
    EXPECT_LT(ids.size(), text.size());
    EXPECT_EQ(tokenizer.decode(ids), text);
  }
}

TEST(TokenizerVectors, EncodesAndRestoresTheTextsOfLlamaCpp) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers");
  const Tokenizer tokenizer = Tokenizer::open(dir / "qwen2").value();

  for (const LlamaCppText& text : llama_cpp_texts(dir / "vectors", "qwen2")) {
    EXPECT_EQ(tokenizer.encode(text.text), text.ids) << text.text;
    EXPECT_EQ(tokenizer.decode(text.ids), text.text);
  }
}

TEST(TokenizerVectors, SmallTokenizersAreTheTokenizersPackages) {
  const json file = vectors("small_cases");
  const TempDir dir;
  int n_cases = 0;
  for (const json& small : file.at("cases")) {
    SCOPED_TRACE(small.at("name"));
    dir.write("tokenizer.json", small.at("tokenizer").dump());
    const Tokenizer tokenizer = Tokenizer::open(dir.path()).value();
    for (std::size_t i = 0; i < file.at("texts").size(); ++i) {
      const auto text = file["texts"][i].get<std::string>();
      const auto ids = small.at("ids").at(i).get<Ids>();
      EXPECT_EQ(tokenizer.encode(text), ids) << file["texts"][i];
      EXPECT_EQ(tokenizer.decode(ids), small.at("decoded").at(i)) << file["texts"][i];
      EXPECT_EQ(streamed(tokenizer, ids), small.at("decoded").at(i)) << file["texts"][i];
    }
    EXPECT_EQ(tokenizer.encode_prompt("hello"), small.at("prompt_hello").get<Ids>());
    ++n_cases;
  }

  EXPECT_GE(n_cases, 50);
}

}  // namespace
}  // namespace fidelio
