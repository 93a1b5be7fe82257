// The metadata becomes the sentencepiece model that it was converted from, so that sentencepiece
// itself encodes and decodes.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/quote.h"
#include "core/tokenizers/gguf_tokenizer.h"
#include "core/tokenizers/sentencepiece_model.h"
#include "core/tokenizers/settings.h"
#include "core/tokenizers/vocabulary.h"

namespace fidelio::tokenizers {

namespace {

using Kind = GgufVocabulary::Kind;

constexpr const char* kScores = "tokenizer.ggml.scores";

/// Protocol buffers' wire format, as much of it as a model needs.
class Message {
 public:
  void number(unsigned field, std::uint64_t value) {
    varint(field << 3U);
    varint(value);
  }
  void real(unsigned field, float value) {
    varint(field << 3U | 5U);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned i = 0; i < 4; ++i) bytes_ += static_cast<char>(bits >> 8 * i & 0xFFU);
  }
  void text(unsigned field, std::string_view value) {
    varint(field << 3U | 2U);
    varint(value.size());
    bytes_ += value;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>((value & 0x7FU) | 0x80U);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

std::vector<float> read_scores(const GgufMetadata& metadata, std::size_t n_tokens) {
  const auto scores = metadata.find_floats(kScores, std::uint64_t{kMaxId} + 1);
  if (!scores || scores->size() != n_tokens) {
    metadata.fail(kScores, scores ? fmt::format("{} scores", scores->size()) : "nothing",
                  fmt::format("{}, one a token", n_tokens));
  }
  for (const float score : *scores) {
    if (!std::isfinite(score)) metadata.fail(kScores, fmt::to_string(score), "finite numbers");
  }
  return *scores;
}

/// Sources: sentencepiece_model.proto for the fields' numbers; llama.cpp for what holds where a key
/// is absent.
std::string model_of(const GgufMetadata& metadata, const GgufVocabulary& vocabulary,
                     std::size_t unknown) {
  const std::vector<float> scores = read_scores(metadata, vocabulary.tokens.size());
  Message model;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    Message piece;
    piece.text(1, vocabulary.tokens[id]);
    piece.real(2, scores[id]);
    piece.number(3, static_cast<std::uint64_t>(vocabulary.kinds[id]));  // the numbers are the same
    model.text(1, piece.bytes());
  }
  Message trainer;
  trainer.number(3, 2);  // byte-pair encoding
  const bool has_bytes = std::find(vocabulary.kinds.begin(), vocabulary.kinds.end(), Kind::byte) !=
                         vocabulary.kinds.end();
  trainer.number(35, has_bytes ? 1 : 0);
  trainer.text(45, vocabulary.tokens[unknown]);
  const auto special = [&](unsigned field, std::optional<std::int32_t> id) {
    // An empty name would stand for sentencepiece's own, "<s>" and "</s>".
    trainer.text(field, id ? vocabulary.tokens[static_cast<std::size_t>(*id)] : "[no such token]");
  };
  special(46, vocabulary.bos_id);
  special(47, vocabulary.eos_id);
  model.text(2, trainer.bytes());
  Message normalizer;
  normalizer.text(1, "identity");
  const auto flag = [&](unsigned field, const char* key, bool fallback) {
    normalizer.number(field, metadata.find_bool(key).value_or(fallback) ? 1 : 0);
  };
  flag(3, "tokenizer.ggml.add_space_prefix", true);
  flag(4, "tokenizer.ggml.remove_extra_whitespaces", false);
  normalizer.number(5, 1);  // spaces are U+2581
  model.text(3, normalizer.bytes());
  return model.bytes();
}

/// sentencepiece puts nothing but control tokens around texts.
void check_is_control(const GgufMetadata& metadata, const GgufVocabulary& vocabulary,
                      const char* key, std::optional<std::int32_t> id) {
  if (!id || vocabulary.kinds[static_cast<std::size_t>(*id)] == Kind::control) return;
  metadata.fail(key,
                fmt::format("{}, {}, of another type", *id,
                            quote(vocabulary.tokens[static_cast<std::size_t>(*id)])),
                "a token of type 3 (control)");
}

/// sentencepiece wants exactly one unknown token.
std::size_t unknown_of(const GgufMetadata& metadata, const GgufVocabulary& vocabulary) {
  const auto n = std::count(vocabulary.kinds.begin(), vocabulary.kinds.end(), Kind::unknown);
  if (n != 1) {
    metadata.fail("tokenizer.ggml.token_type", fmt::format("{} tokens of type 2 (unknown)", n),
                  "one");
  }
  const auto place = std::find(vocabulary.kinds.begin(), vocabulary.kinds.end(), Kind::unknown);
  return static_cast<std::size_t>(place - vocabulary.kinds.begin());
}

}  // namespace

std::unique_ptr<TokenizerModel> sentencepiece_of_gguf(const GgufMetadata& metadata,
                                                      const GgufVocabulary& vocabulary) {
  const char* charsmap = "tokenizer.ggml.precompiled_charsmap";
  if (const GgufValue* value = metadata.find(charsmap); value != nullptr && value->count > 0) {
    metadata.fail(charsmap, type_text(*value), "none; such a normalizer is not supported");
  }
  check_is_control(metadata, vocabulary, "tokenizer.ggml.bos_token_id", vocabulary.bos_id);
  check_is_control(metadata, vocabulary, "tokenizer.ggml.eos_token_id", vocabulary.eos_id);
  Settings settings;
  settings.add_bos_token = vocabulary.add_bos;
  settings.add_eos_token = vocabulary.add_eos;
  return sentencepiece_of_proto(model_of(metadata, vocabulary, unknown_of(metadata, vocabulary)),
                                metadata.file(), settings);
}

}  // namespace fidelio::tokenizers
