// The metadata becomes the tokenizer.json that it stands for, so that one reader serves both forms.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/quote.h"
#include "core/tokenizers/gguf_pre_tokenizers.h"
#include "core/tokenizers/gguf_tokenizer.h"
#include "core/tokenizers/settings.h"
#include "core/tokenizers/tokenizer_json.h"
#include "core/tokenizers/utf8.h"

namespace fidelio::tokenizers {

namespace {

using nlohmann::json;
using Kind = GgufVocabulary::Kind;

constexpr std::uint64_t kMaxMerges = std::uint64_t{1} << 26;
constexpr const char* kMerges = "tokenizer.ggml.merges";

const GgufPreTokenizer& pre_tokenizer_of(const GgufMetadata& metadata) {
  const char* key = "tokenizer.ggml.pre";
  const std::string name(metadata.find_string(key).value_or("default"));
  const GgufPreTokenizer* found = find_gguf_pre_tokenizer(name);
  if (found == nullptr) {
    metadata.fail(key, quote(name), "one of " + gguf_pre_tokenizer_names());
  }
  return *found;
}

json split_steps(const GgufPreTokenizer& pre) {
  json steps = json::array();
  for (const std::string_view pattern : pre.patterns) {
    steps.push_back(
        {{"type", "Split"}, {"behavior", "Isolated"}, {"pattern", {{"Regex", pattern}}}});
  }
  steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}});
  return steps;
}

json vocab_of(const GgufMetadata& metadata, const GgufVocabulary& vocabulary) {
  json vocab = json::object();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const auto [place, is_new] = vocab.emplace(vocabulary.tokens[id], id);
    if (is_new) continue;
    metadata.fail(kGgufTokens,
                  fmt::format("{} as {} and {}", quote(place.key()), place->dump(), id),
                  "every token once");
  }
  return vocab;
}

json merges_of(const GgufMetadata& metadata) {
  const auto list = metadata.find_strings(kMerges, kMaxMerges);
  if (!list) metadata.missing(kMerges, "a list of pairs");
  json merges = json::array();
  for (const std::string_view merge : *list) {
    // Byte-level tokens have no spaces, so the first one behind the first character parts them.
    const std::size_t space = merge.find(' ', 1);
    if (find_invalid_utf8(merge) || space == std::string_view::npos) {
      metadata.fail(kMerges, quote(merge), "two tokens with a space between them");
    }
    merges.push_back({merge.substr(0, space), merge.substr(space + 1)});
  }
  return merges;
}

/// The tokens that are looked for in texts as they stand: special ones, and those of the model's
/// users.
json added_tokens_of(const GgufVocabulary& vocabulary) {
  json added = json::array();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const Kind kind = vocabulary.kinds[id];
    if (kind != Kind::control && kind != Kind::unknown && kind != Kind::user_defined) continue;
    added.push_back({{"id", id},
                     {"content", vocabulary.tokens[id]},
                     {"special", kind != Kind::user_defined},
                     {"normalized", false}});
  }
  return added;
}

/// A TemplateProcessing of what is put around prompts.
json frame_of(const GgufVocabulary& vocabulary, bool add_bos) {
  json single = json::array();
  json special = json::object();
  const auto add = [&](const char* name, std::int32_t id) {
    single.push_back({{"SpecialToken", {{"id", name}}}});
    special[name] = {{"ids", {id}}};
  };
  if (add_bos) add("bos", *vocabulary.bos_id);
  single.push_back({{"Sequence", {{"id", "A"}}}});
  if (vocabulary.add_eos) add("eos", *vocabulary.eos_id);
  return {{"type", "TemplateProcessing"}, {"single", single}, {"special_tokens", special}};
}

}  // namespace

std::unique_ptr<TokenizerModel> bpe_of_gguf(const GgufMetadata& metadata,
                                            const GgufVocabulary& vocabulary) {
  const GgufPreTokenizer& pre = pre_tokenizer_of(metadata);
  const bool add_bos = vocabulary.add_bos.value_or(pre.add_bos && vocabulary.bos_id.has_value());
  json document = {
      {"version", "1.0"},
      {"added_tokens", added_tokens_of(vocabulary)},
      {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", split_steps(pre)}}},
      {"post_processor", frame_of(vocabulary, add_bos)},
      {"decoder", {{"type", "ByteLevel"}}},
  };
  if (pre.nfc) document["normalizer"] = {{"type", "NFC"}};
  document["model"] = {{"type", "BPE"},
                       {"ignore_merges", pre.ignore_merges},
                       {"vocab", vocab_of(metadata, vocabulary)},
                       {"merges", merges_of(metadata)}};
  Settings settings;
  const auto token_of = [&](std::optional<std::int32_t> id) {
    return id ? std::optional(vocabulary.tokens[static_cast<std::size_t>(*id)]) : std::nullopt;
  };
  settings.bos_token = token_of(vocabulary.bos_id);
  settings.eos_token = token_of(vocabulary.eos_id);
  return tokenizer_of_json(document, metadata.file(), settings);
}

}  // namespace fidelio::tokenizers
