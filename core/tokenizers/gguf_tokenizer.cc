#include "core/tokenizers/gguf_tokenizer.h"

#include <fmt/format.h>

#include "core/quote.h"
#include "core/tokenizers/utf8.h"
#include "core/tokenizers/vocabulary.h"

namespace fidelio::tokenizers {

namespace {

constexpr std::uint64_t kMaxTokens = std::uint64_t{kMaxId} + 1;
constexpr const char* kTokenTypes = "tokenizer.ggml.token_type";

std::vector<std::string> read_tokens(const GgufMetadata& metadata) {
  const auto list = metadata.find_strings(kGgufTokens, kMaxTokens);
  if (!list || list->empty()) metadata.missing(kGgufTokens, "the vocabulary");
  std::vector<std::string> tokens;
  tokens.reserve(list->size());
  for (std::size_t id = 0; id < list->size(); ++id) {
    const std::string_view token = (*list)[id];
    if (find_invalid_utf8(token)) {
      metadata.fail(kGgufTokens, fmt::format("{} (id {})", quote(token), id), "UTF-8");
    }
    // llama.cpp's name for a token that no text can contain.
    tokens.push_back(token.empty() ? fmt::format("[EMPTY_{}]", id) : std::string(token));
  }
  return tokens;
}

std::vector<GgufVocabulary::Kind> read_kinds(const GgufMetadata& metadata, std::size_t n_tokens) {
  using Kind = GgufVocabulary::Kind;
  const auto list = metadata.find_integers(kTokenTypes, kMaxTokens);
  std::vector<Kind> kinds(n_tokens, Kind::normal);
  if (!list) return kinds;
  if (list->size() != n_tokens) {
    metadata.fail(kTokenTypes, fmt::format("{} types", list->size()),
                  fmt::format("{}, one a token", n_tokens));
  }
  for (std::size_t id = 0; id < n_tokens; ++id) {
    const std::int64_t kind = (*list)[id];
    if (kind < 1 || kind > 6) metadata.fail(kTokenTypes, std::to_string(kind), "types from 1 to 6");
    kinds[id] = static_cast<Kind>(kind);
  }
  return kinds;
}

/// nullopt for -1 and its unsigned form, which stand for no token.
std::optional<std::int32_t> read_id(const GgufMetadata& metadata, const char* key,
                                    std::size_t n_tokens) {
  const auto id = metadata.find_integer(key, -1, UINT32_MAX);
  if (!id || *id == -1 || *id == UINT32_MAX) return std::nullopt;
  if (*id >= static_cast<std::int64_t>(n_tokens)) {
    metadata.fail(key, std::to_string(*id), fmt::format("an id below {}", n_tokens));
  }
  return static_cast<std::int32_t>(*id);
}

GgufVocabulary read_vocabulary(const GgufMetadata& metadata) {
  GgufVocabulary vocabulary;
  vocabulary.tokens = read_tokens(metadata);
  const std::size_t n = vocabulary.tokens.size();
  vocabulary.kinds = read_kinds(metadata, n);
  vocabulary.bos_id = read_id(metadata, "tokenizer.ggml.bos_token_id", n);
  vocabulary.eos_id = read_id(metadata, "tokenizer.ggml.eos_token_id", n);
  vocabulary.unknown_id = read_id(metadata, "tokenizer.ggml.unknown_token_id", n);
  vocabulary.add_bos = metadata.find_bool("tokenizer.ggml.add_bos_token");
  vocabulary.add_eos = metadata.find_bool("tokenizer.ggml.add_eos_token").value_or(false);
  if (vocabulary.add_bos.value_or(false) && !vocabulary.bos_id) {
    metadata.fail("tokenizer.ggml.add_bos_token", "true without a tokenizer.ggml.bos_token_id",
                  "false");
  }
  if (vocabulary.add_eos && !vocabulary.eos_id) {
    metadata.fail("tokenizer.ggml.add_eos_token", "true without a tokenizer.ggml.eos_token_id",
                  "false");
  }
  return vocabulary;
}

}  // namespace

std::unique_ptr<TokenizerModel> tokenizer_of_gguf(const GgufMetadata& metadata) {
  const char* key = "tokenizer.ggml.model";
  const auto model = metadata.find_string(key);
  if (!model || *model == "no_vocab" || *model == "none") return nullptr;
  if (*model == "gpt2") return bpe_of_gguf(metadata, read_vocabulary(metadata));
  if (*model == "llama") return sentencepiece_of_gguf(metadata, read_vocabulary(metadata));
  metadata.fail(key, quote(*model), "gpt2 or llama; no other kind of tokenizer is supported");
}

}  // namespace fidelio::tokenizers
