#include "core/tokenizers/bpe_json.h"

#include <utility>

#include "core/tokenizers/json_step.h"

namespace fidelio::tokenizers {

namespace {

/// "a b" (older files) or ["a", "b"]; nullopt for anything else.
std::optional<std::pair<std::string_view, std::string_view>> halves(const nlohmann::json& merge) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return std::pair<std::string_view, std::string_view>(merge[0].get_ref<const std::string&>(),
                                                         merge[1].get_ref<const std::string&>());
  }
  if (!merge.is_string()) return std::nullopt;
  const std::string_view text = merge.get_ref<const std::string&>();
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(text.substr(0, space), text.substr(space + 1));
}

void refuse_unless_empty(const ConfigReader& reader, const char* key) {
  const nlohmann::json* value = reader.find(key);
  if (value != nullptr && *value != "") reader.refuse(key, *value, "null or \"\"");
}

BpeOptions read_options(const JsonStep& step, const Vocabulary& vocabulary) {
  const ConfigReader reader = step.reader();
  if (const nlohmann::json* dropout = reader.find("dropout")) {
    if (!dropout->is_number() || dropout->get<double>() != 0) {
      reader.refuse("dropout", *dropout, "null or 0");
    }
  }
  refuse_unless_empty(reader, "continuing_subword_prefix");
  refuse_unless_empty(reader, "end_of_word_suffix");
  BpeOptions options;
  options.fuse_unk = step.flag("fuse_unk", false);
  options.byte_fallback = step.flag("byte_fallback", false);
  options.ignore_merges = step.flag("ignore_merges", false);
  if (const auto unk = reader.find_string("unk_token")) {
    options.unk_id = vocabulary.find(*unk);
    if (!options.unk_id) reader.fail("unk_token", quote(*unk), "a token of the vocabulary");
  }
  return options;
}

}  // namespace

Vocabulary read_vocabulary(const nlohmann::json& object, const std::string& where,
                           const std::string& key) {
  const ConfigReader reader(object, where, key.empty() ? "" : key + ".");
  const std::string place = key.empty() ? where : where + ": " + key;
  Vocabulary vocabulary;
  for (const auto& [token, id] : object.items()) {
    vocabulary.add(
        token, static_cast<std::int32_t>(reader.integer_of(token.c_str(), id, 0, kMaxId)), place);
  }
  return vocabulary;
}

Bpe read_bpe(const nlohmann::json& model, const std::string& where) {
  const JsonStep step(model, where, "model");
  const ConfigReader reader = step.reader();
  if (reader.find("type") != nullptr && step.type() != "BPE") step.refuse_type("BPE");
  step.allow({"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
              "byte_fallback", "ignore_merges", "vocab", "merges"});
  const nlohmann::json* vocab = reader.find("vocab");
  if (vocab == nullptr) reader.missing("vocab", "an object of tokens and ids");
  if (!vocab->is_object()) reader.refuse("vocab", *vocab, "an object of tokens and ids");
  const nlohmann::json* merges = reader.find("merges");
  if (merges == nullptr) reader.missing("merges", "a list of pairs");
  if (!merges->is_array()) reader.refuse("merges", *merges, "a list of pairs");

  Vocabulary vocabulary = read_vocabulary(*vocab, where, "model.vocab");
  const BpeOptions options = read_options(step, vocabulary);
  Bpe bpe(std::move(vocabulary), options);
  for (std::size_t i = 0; i < merges->size(); ++i) {
    const auto pair = halves((*merges)[i]);
    if (!pair) {
      reader.refuse(fmt::format("merges[{}]", i), (*merges)[i], "\"a b\" or [\"a\", \"b\"]");
    }
    bpe.add_merge(pair->first, pair->second, where + ": model.merges");
  }
  return bpe;
}

}  // namespace fidelio::tokenizers
