// The files become the tokenizer.json that they stand for, so that one reader serves both forms.
#include "core/tokenizers/vocab_merges.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <system_error>

#include "core/config_reader.h"
#include "core/json_text.h"
#include "core/mapped_file.h"
#include "core/tokenizers/tokenizer_json.h"
#include "core/tokenizers/vocabulary.h"

namespace fidelio::tokenizers {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxVocabularyBytes = std::size_t{256} << 20;

/// Source: transformers' models/qwen2/tokenization_qwen2.py.
constexpr const char* kQwen2 = R"json({
  "version": "1.0",
  "normalizer": {"type": "NFC"},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "behavior": "Isolated", "pattern": {"Regex":
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
    {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
  "decoder": {"type": "ByteLevel"}
})json";

/// Source: transformers' models/gpt2/tokenization_gpt2.py.
constexpr const char* kGpt2 = R"json({
  "version": "1.0",
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
  "decoder": {"type": "ByteLevel"}
})json";

/// The pipeline that the class stands for, with the settings that change it.
json pipeline_of(const Settings& settings) {
  static constexpr const char* kExpected =
      "Qwen2Tokenizer or GPT2Tokenizer, or a tokenizer.json beside vocab.json";
  const json no_object;  // the reader is for its messages
  const ConfigReader reader(no_object, path_text(settings.file));
  const std::string name = settings.tokenizer_class.value_or("");
  const bool qwen2 = name == "Qwen2Tokenizer" || name == "Qwen2TokenizerFast";
  const bool gpt2 = name == "GPT2Tokenizer" || name == "GPT2TokenizerFast";
  if (!settings.tokenizer_class) reader.missing("tokenizer_class", kExpected);
  if (!qwen2 && !gpt2) reader.fail("tokenizer_class", quote(name), kExpected);
  if (settings.add_eos_token) reader.fail("add_eos_token", "true", "false");
  json document = json::parse(qwen2 ? kQwen2 : kGpt2);
  json& pre_tokenizer = document["pre_tokenizer"];
  json& byte_level = qwen2 ? pre_tokenizer["pretokenizers"][1] : pre_tokenizer;
  byte_level["add_prefix_space"] = settings.add_prefix_space;
  return document;
}

json read_merges(const std::filesystem::path& file) {
  const std::string text = read_text_file(file, kMaxVocabularyBytes);
  json merges = json::array();
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with("#version")) continue;
    merges.push_back(line);
  }
  return merges;
}

/// added_tokens_decoder, then the special tokens that are in the vocabulary alone. transformers
/// puts those that are in neither at the end of the vocabulary; such ids no file says, so none is
/// made up.
json added_tokens(const Settings& settings, const json& vocab) {
  const json no_object;  // the reader is for its messages
  const ConfigReader reader(no_object, path_text(settings.file));
  json tokens = json::array();
  std::set<std::string> contents;
  for (const AddedToken& token : settings.added_tokens) {
    contents.insert(token.content);
    tokens.push_back({{"id", token.id},
                      {"content", token.content},
                      {"special", token.special},
                      {"single_word", token.single_word},
                      {"lstrip", token.lstrip},
                      {"rstrip", token.rstrip},
                      {"normalized", token.normalized}});
  }
  std::vector<std::string> named = settings.additional_special_tokens;
  for (const auto* token :
       {&settings.bos_token, &settings.eos_token, &settings.unk_token, &settings.pad_token}) {
    if (*token) named.push_back(**token);
  }
  for (const std::string& content : named) {
    if (!contents.insert(content).second) continue;
    const auto id = vocab.find(content);
    if (id == vocab.end()) {
      reader.fail("added_tokens_decoder", "no id for " + quote(content), "an id");
    }
    tokens.push_back({{"id", *id}, {"content", content}, {"special", true}, {"normalized", false}});
  }
  return tokens;
}

/// added_tokens.json says again what added_tokens_decoder says; older folders have it alone.
void check_added_tokens_json(const std::filesystem::path& file, const json& added,
                             const json& vocab) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return;
  const std::string where = path_text(file);
  const json object = parse_json_object(read_text_file(file, kMaxVocabularyBytes), where);
  for (const auto& [content, id] : object.items()) {
    const auto known = vocab.find(content);
    bool agrees = known != vocab.end() && *known == id;
    for (const json& token : added) {
      agrees = agrees || (token["content"] == content && token["id"] == id);
    }
    if (!agrees) {
      ConfigReader(object, where)
          .refuse(content, id, "the id in tokenizer_config.json's added_tokens_decoder");
    }
  }
}

}  // namespace

std::unique_ptr<TokenizerModel> open_vocab_merges(const std::filesystem::path& dir,
                                                  const Settings& settings) {
  const std::string where = path_text(dir / "vocab.json");
  json document = pipeline_of(settings);
  json vocab = parse_json_object(read_text_file(dir / "vocab.json", kMaxVocabularyBytes), where);
  document["added_tokens"] = added_tokens(settings, vocab);
  check_added_tokens_json(dir / "added_tokens.json", document["added_tokens"], vocab);
  document["model"] = {
      {"type", "BPE"}, {"vocab", std::move(vocab)}, {"merges", read_merges(dir / "merges.txt")}};
  if (settings.add_bos_token.value_or(false)) {
    const std::string bos = settings.bos_token.value_or("");
    json id;
    for (const json& token : document["added_tokens"]) {
      if (token["content"] == bos) id = token["id"];
    }
    if (id.is_null()) {
      ConfigReader(document, path_text(settings.file))
          .fail("add_bos_token", "true without a bos_token", "false");
    }
    const json first = {{"SpecialToken", {{"id", bos}}}};
    const json text = {{"Sequence", {{"id", "A"}}}};
    document["post_processor"] = {{"type", "TemplateProcessing"},
                                  {"single", json::array({first, text})},
                                  {"special_tokens", {{bos, {{"ids", json::array({id})}}}}}};
  }
  return tokenizer_of_json(document, where, settings);
}

}  // namespace fidelio::tokenizers
