// Tokenizers from the metadata of GGUF files: llama.cpp's own vocabularies and texts, and the
// vocabularies of published tokenizers as llama.cpp's converter writes them, against the ids of the
// `tokenizers` and `sentencepiece` packages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/core/gguf_vocabulary.h"
#include "tests/core/tokenizer_vectors.h"
#include "tests/support/file_content.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::kControl;
using testing::kNormal;
using testing::kUser;
using testing::TempDir;
using testing::user_error_of;
using testing::Vocabulary;

Tokenizer opened(const GgufWriter& writer) {
  const TempDir dir;
  return Tokenizer::open(writer.write(dir / "m.gguf")).value();
}
std::string refusal_to_tokenize(const GgufWriter& writer) {
  const TempDir dir;
  const auto file = writer.write(dir / "m.gguf");
  const std::string message = user_error_of([&] { Tokenizer::open(file); });
  EXPECT_THAT(message, HasSubstr("m.gguf: "));
  return message;
}

TEST(GgufTokenizer, OfLlamaCppsVocabulariesGivesItsIds) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/vectors");
  for (const std::string name : {"gpt-2", "llama-spm"}) {
    const Tokenizer tokenizer = Tokenizer::open(dir / ("ggml-vocab-" + name + ".gguf")).value();
    for (const LlamaCppText& text : llama_cpp_texts(dir, name)) {
      EXPECT_EQ(tokenizer.encode(text.text), text.ids) << name << ": " << text.text;
      EXPECT_EQ(tokenizer.decode(text.ids), text.text) << name;
      EXPECT_EQ(streamed(tokenizer, text.ids), text.text) << name;
    }
  }
}

TEST(GgufTokenizer, PutsBosWhereTheMetadataSays) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/vectors");
  const Tokenizer llama = Tokenizer::open(dir / "ggml-vocab-llama-spm.gguf").value();
  const Tokenizer gpt2 = Tokenizer::open(dir / "ggml-vocab-gpt-2.gguf").value();

  EXPECT_EQ(llama.encode_prompt("Hello").front(), 1);
  EXPECT_EQ(llama.bos_id(), 1);
  EXPECT_EQ(llama.eos_id(), 2);
  EXPECT_EQ(llama.vocab_size(), 32000);
  EXPECT_EQ(gpt2.encode_prompt("Hello"), gpt2.encode("Hello"));
  EXPECT_EQ(gpt2.eos_id(), 50256);
}

TEST(GgufTokenizer, OfQwen2sVocabularyIsTheTokenizersPackages) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/qwen2");

  expect_equal(opened(testing::qwen2(dir).writer("gpt2", "qwen2")), "qwen2");
}

TEST(GgufTokenizer, OfOlmosVocabularyIsTheTokenizersPackages) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/gpt-neox-olmo");

  expect_equal(opened(testing::olmo(dir).writer("gpt2", "olmo")), "gpt_neox_olmo");
}

TEST(GgufTokenizer, OfMixtralsVocabularyIsTheSentencepiecePackages) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(file, "tokenizers/mixtral/tokenizer.model.v1");

  expect_equal(opened(testing::sentencepiece(file).writer("llama", "default")), "mixtral");
}

// The sabotage twins: another way of cutting, another order of merges, other scores.
TEST(GgufTokenizer, ADamagedOneIsSeen) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers");
  const auto encoded = [](const GgufWriter& writer, const char* name) {
    return compare(opened(writer), name, /*report=*/false).encoded;
  };
  Vocabulary swapped = testing::qwen2(dir / "qwen2");
  std::swap(swapped.merges[1], swapped.merges[9000]);
  Vocabulary unscored = testing::sentencepiece(dir / "mixtral/tokenizer.model.v1");
  std::fill(unscored.scores.begin(), unscored.scores.end(), 0.0F);

  for (const char* pre : {"default", "gpt-2", "gpt-4o", "llama-bpe"}) {
    EXPECT_GT(encoded(testing::qwen2(dir / "qwen2").writer("gpt2", pre), "qwen2"), 10) << pre;
  }
  EXPECT_GT(encoded(swapped.writer("gpt2", "qwen2"), "qwen2"), 0);
  EXPECT_GT(encoded(unscored.writer("llama", "default"), "mixtral"), 10);
}

TEST(GgufTokenizer, DecodesWhatLlamaCppGenerated) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(data, "golden/qwen3-30b-a3b-q4_k_m.llamacpp.json");
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/qwen2");
  const json golden = json::parse(testing::content_of(data));
  const Tokenizer tokenizer = opened(testing::qwen2(dir).writer("gpt2", "qwen2"));

  Ids ids;
  for (const json& token : golden["tokens"]) {
    const std::string bytes = [&] {
      std::string text;
      for (const json& byte : token["bytes"]) text += static_cast<char>(byte.get<int>());
      return text;
    }();
    ids.push_back(token["id"]);
    EXPECT_EQ(tokenizer.decode(Ids{ids.back()}), bytes);
  }
  EXPECT_EQ(ids.size(), 128U);
  EXPECT_EQ(tokenizer.decode(ids), golden["text"]);
  EXPECT_EQ(std::ssize(tokenizer.encode(golden["settings"]["prompt"].get<std::string>())),
            golden["usage"]["prompt_tokens"]);
}

/// Three letters, their merges, and special tokens.
Vocabulary small() {
  Vocabulary vocabulary;
  for (const char* token : {"a", "b", "c", "ab", "abc", "\u0120"}) {
    vocabulary.set(vocabulary.tokens.size(), token, kNormal);
  }
  vocabulary.set(6, "<s>", kControl);
  vocabulary.set(7, "<tool>", kUser);
  vocabulary.merges = {"a b", "ab c"};
  return vocabulary;
}

TEST(GgufTokenizer, FindsSpecialTokensInTexts) {
  const Tokenizer tokenizer = opened(small().writer("gpt2", "gpt-2"));

  EXPECT_THAT(tokenizer.encode("ab<s>c<tool>"), ElementsAre(3, 6, 2, 7));
  EXPECT_EQ(tokenizer.decode(Ids{3, 6, 2, 7}), "abc<tool>") << "a control token is no text";
}

TEST(GgufTokenizer, FramesPromptsAsTheKeysAndTheNameSay) {
  const auto prompt = [](GgufWriter writer) { return opened(writer).encode_prompt("c"); };
  const auto with_ids = [](const char* pre) {
    return small()
        .writer("gpt2", pre)
        .add("tokenizer.ggml.bos_token_id", 6U)
        .add("tokenizer.ggml.eos_token_id", 7U);
  };

  EXPECT_THAT(prompt(with_ids("gpt-2")), ElementsAre(2));
  EXPECT_THAT(prompt(with_ids("llama-bpe")), ElementsAre(6, 2));
  EXPECT_THAT(prompt(with_ids("llama-bpe").add("tokenizer.ggml.add_bos_token", false)),
              ElementsAre(2));
  EXPECT_THAT(prompt(with_ids("gpt-2")
                         .add("tokenizer.ggml.add_bos_token", true)
                         .add("tokenizer.ggml.add_eos_token", true)),
              ElementsAre(6, 2, 7));
}

TEST(GgufTokenizer, TakesWholeWordsBeforeMergesWhereTheNameSays) {
  Vocabulary vocabulary = small();
  vocabulary.set(8, "bca", kNormal);

  EXPECT_THAT(opened(vocabulary.writer("gpt2", "gpt-2")).encode("bca"), ElementsAre(1, 2, 0));
  EXPECT_THAT(opened(vocabulary.writer("gpt2", "llama-bpe")).encode("bca"), ElementsAre(8));
}

TEST(GgufTokenizer, IsAbsentWhereTheFileHasNone) {
  const TempDir dir;

  EXPECT_FALSE(Tokenizer::open(GgufWriter().write(dir / "a.gguf")).has_value());
  EXPECT_FALSE(
      Tokenizer::open(GgufWriter().add("tokenizer.ggml.model", "no_vocab").write(dir / "b.gguf"))
          .has_value());
}

TEST(GgufTokenizer, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(refusal_to_tokenize(small().writer("bert", "default")),
              HasSubstr("tokenizer.ggml.model: found \"bert\", expected gpt2 or llama"));
  EXPECT_THAT(refusal_to_tokenize(small().writer("gpt2", "chatglm-bpe")),
              HasSubstr("tokenizer.ggml.pre: found \"chatglm-bpe\", expected one of default"));
}

TEST(GgufTokenizer, RefusesVocabulariesThatContradictThemselves) {
  const auto with = [](const char* key, std::uint32_t value) {
    return small().writer("gpt2", "gpt-2").add(key, value);
  };
  Vocabulary twice = small();
  twice.tokens[1] = "a";
  Vocabulary unknown_merge = small();
  unknown_merge.merges.push_back("b x");
  Vocabulary no_pair = small();
  no_pair.merges.push_back("ab");
  Vocabulary latin1 = small();
  latin1.tokens[0] = "\xE9";
  Vocabulary kind = small();
  kind.kinds[0] = 9;
  Vocabulary kinds = small();
  kinds.kinds.pop_back();

  EXPECT_THAT(refusal_to_tokenize(with("tokenizer.ggml.bos_token_id", 8)),
              HasSubstr("an id below 8"));
  EXPECT_THAT(refusal_to_tokenize(
                  small().writer("gpt2", "gpt-2").add("tokenizer.ggml.add_bos_token", true)),
              HasSubstr("true without a tokenizer.ggml.bos_token_id"));
  EXPECT_THAT(refusal_to_tokenize(twice.writer("gpt2", "gpt-2")), HasSubstr("\"a\" as 0 and 1"));
  EXPECT_THAT(refusal_to_tokenize(unknown_merge.writer("gpt2", "gpt-2")),
              HasSubstr("\"x\" is not in"));
  EXPECT_THAT(refusal_to_tokenize(no_pair.writer("gpt2", "gpt-2")), HasSubstr("found \"ab\""));
  EXPECT_THAT(refusal_to_tokenize(latin1.writer("gpt2", "gpt-2")), HasSubstr("expected UTF-8"));
  EXPECT_THAT(refusal_to_tokenize(kind.writer("gpt2", "gpt-2")),
              HasSubstr("found 9, expected types from"));
  EXPECT_THAT(refusal_to_tokenize(kinds.writer("gpt2", "gpt-2")), HasSubstr("7 types, expected 8"));
  EXPECT_THAT(refusal_to_tokenize(small().writer("llama", "default")),
              HasSubstr("0 tokens of type 2"));
}

TEST(GgufTokenizer, HasAChecksumOfItsOwn) {
  const GgufWriter plain = small().writer("gpt2", "gpt-2");
  GgufWriter other_weights = small().writer("gpt2", "gpt-2");
  other_weights.add("general.name", "x").floats("t", {1}, {1});
  Vocabulary changed = small();
  changed.tokens[0] = "d";
  changed.tokens[3] = "db";
  changed.tokens[4] = "dbc";
  changed.merges = {"d b", "db c"};

  EXPECT_EQ(opened(plain).checksum(), opened(other_weights).checksum());
  EXPECT_NE(opened(plain).checksum(), opened(changed.writer("gpt2", "gpt-2")).checksum());
}

}  // namespace
}  // namespace fidelio
