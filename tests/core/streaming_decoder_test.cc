// Whatever the ids, the parts of a streamed text are the whole text, and no part cuts a character.
#include "core/streaming_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "core/tokenizers/utf8.h"
#include "tests/support/external_data.h"
#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

using testing::TempDir;
using Ids = std::vector<std::int32_t>;
using Draw = std::function<std::int32_t(std::mt19937&)>;

/// How many of `n` random sequences come out otherwise than whole, or cut a character.
int wrong_streams(const Tokenizer& tokenizer, const Draw& draw, int n) {
  std::mt19937 random(20240607);
  int wrong = 0;
  for (int i = 0; i < n; ++i) {
    Ids ids(random() % 24);
    for (std::int32_t& id : ids) id = draw(random);
    StreamingDecoder decoder(tokenizer);
    std::string text;
    bool whole = true;
    for (const std::int32_t id : ids) {
      const std::string part = decoder.feed(id);
      whole = whole && !tokenizers::find_invalid_utf8(part);
      text += part;
    }
    text += decoder.finish();
    if (!whole || text != tokenizer.decode(ids)) ++wrong;
  }
  return wrong;
}

/// Any id, one outside the vocabulary now and then.
Draw any_of(const Tokenizer& tokenizer) {
  const auto size = static_cast<std::uint32_t>(tokenizer.vocab_size());
  return
      [size](std::mt19937& random) { return static_cast<std::int32_t>(random() % (size + 3)) - 1; };
}
/// Mostly single bytes, among them whole characters and wrong ones; else the first few ids.
Draw bytes_from(std::int32_t first, std::uint32_t count, std::uint32_t others) {
  return [=](std::mt19937& random) {
    return random() % 8 == 0 ? static_cast<std::int32_t>(random() % others)
                             : first + static_cast<std::int32_t>(random() % count);
  };
}

TEST(StreamingDecoder, GivesTheWholeTextOfAByteLevelTokenizer) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/qwen2");
  const Tokenizer tokenizer = Tokenizer::open(dir).value();

  EXPECT_EQ(wrong_streams(tokenizer, any_of(tokenizer), 1000), 0);
  EXPECT_EQ(wrong_streams(tokenizer, bytes_from(94, 162, 256), 4000), 0);
}

TEST(StreamingDecoder, GivesTheWholeTextOfSentencepiece) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(file, "tokenizers/mixtral/tokenizer.model.v1");
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, "stories260K/llama-dense");
  const Tokenizer kinds[] = {Tokenizer::open_file(file), Tokenizer::open(stories).value()};

  for (const Tokenizer& tokenizer : kinds) {
    EXPECT_EQ(wrong_streams(tokenizer, any_of(tokenizer), 2000), 0);
    EXPECT_EQ(wrong_streams(tokenizer, bytes_from(3, 256, 512), 4000), 0);
    EXPECT_EQ(wrong_streams(tokenizer, bytes_from(3 + 0x80, 0x75, 300), 4000), 0);
  }
}

/// Tokens for all bytes and a few words, decoded by `decoder`.
Tokenizer small(const TempDir& dir, const std::string& decoder) {
  std::string vocab;
  for (int byte = 0; byte < 256; ++byte) {
    char entry[32];
    std::snprintf(entry, sizeof entry, "\"<0x%02X>\": %d, ", static_cast<unsigned>(byte), byte);
    vocab += entry;
  }
  vocab += R"("▁": 256, "▁a": 257, "b": 258, "h": 259, "▁▁": 260, "é": 261, "": 262)";
  dir.write("tokenizer.json", R"({"version": "1.0", "model": {"vocab": {)" + vocab +
                                  R"(}, "merges": []}, "decoder": )" + decoder + "}");
  return Tokenizer::open(dir.path()).value();
}

TEST(StreamingDecoder, GivesTheWholeTextOfEveryDecoder) {
  const TempDir dir;
  for (
      const char* decoder :
      {"null", R"({"type": "ByteFallback"})", R"({"type": "Metaspace", "replacement": "▁"})",
       R"({"type": "ByteLevel"})", R"({"type": "Strip", "content": "▁", "start": 1, "stop": 1})",
       R"({"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})",
       R"({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": "▁", "start": 2, "stop": 3}]})"}) {
    const Tokenizer tokenizer = small(dir, decoder);
    EXPECT_EQ(wrong_streams(tokenizer, bytes_from(256, 7, 256), 3000), 0) << decoder;
    EXPECT_EQ(wrong_streams(tokenizer, bytes_from(0xC0, 0x20, 263), 3000), 0) << decoder;
  }
}

TEST(StreamingDecoder, HoldsBackNoMoreThanTheCharacterThatIsIncomplete) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(dir, "tokenizers/qwen2");
  const Tokenizer tokenizer = Tokenizer::open(dir).value();
  StreamingDecoder decoder(tokenizer);
  const Ids ids = tokenizer.encode("a\U0001FAE8b");  // the character is in no merge
  ASSERT_GT(ids.size(), 3U);

  EXPECT_EQ(decoder.feed(ids[0]), "a");
  EXPECT_EQ(decoder.feed(ids[1]), "");
  std::string rest;
  for (std::size_t i = 2; i < ids.size(); ++i) rest = decoder.feed(ids[i]);
  EXPECT_EQ(rest, "b");
  decoder.feed(ids[1]);
  EXPECT_EQ(decoder.finish(), "\xEF\xBF\xBD");
}

// The twin: a decoder that drops what it held back would be seen.
TEST(StreamingDecoder, WithoutItsEndTheTextIsShort) {
  const TempDir dir;
  const Tokenizer tokenizer = small(dir, R"({"type": "ByteFallback"})");
  const Ids ids = {258, 0xC3, 0xA9};
  StreamingDecoder decoder(tokenizer);

  std::string text;
  for (const std::int32_t id : ids) text += decoder.feed(id);

  EXPECT_EQ(text, "b");
  EXPECT_EQ(text + decoder.finish(), tokenizer.decode(ids));
  EXPECT_EQ(tokenizer.decode(ids), "bé");
}

TEST(StreamingDecoder, StripsBothEndsOfAPiece) {
  const TempDir dir;
  const Tokenizer tokenizer = small(dir, R"({"type": "Sequence", "decoders": [
      {"type": "Fuse"}, {"type": "Strip", "content": "▁", "start": 1, "stop": 2}]})");

  EXPECT_EQ(tokenizer.decode(Ids{260, 258, 260, 260}), "▁b▁▁");
  EXPECT_EQ(tokenizer.decode(Ids{256, 256}), "");
}

}  // namespace
}  // namespace fidelio
