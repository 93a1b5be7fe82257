#include "core/tokenizers/settings.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/config_reader.h"
#include "core/json_text.h"
#include "core/mapped_file.h"
#include "core/tokenizers/added_token_json.h"

namespace fidelio::tokenizers {

namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{64} << 20;

/// A token as its text or as an object with its text under "content".
std::optional<std::string> find_token(const ConfigReader& reader, const char* key) {
  const nlohmann::json* value = reader.find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_object() && value->contains("content")) value = &(*value)["content"];
  if (!value->is_string()) reader.refuse(key, *value, "a token's text");
  return value->get<std::string>();
}

std::vector<std::string> read_special_tokens(const ConfigReader& reader) {
  const char* key = "additional_special_tokens";
  const nlohmann::json* list = reader.find(key);
  std::vector<std::string> tokens;
  if (list == nullptr) return tokens;
  if (!list->is_array()) reader.refuse(key, *list, "a list of tokens");
  for (const nlohmann::json& entry : *list) {
    const bool object = entry.is_object() && entry.contains("content");
    const nlohmann::json& text = object ? entry["content"] : entry;
    if (!text.is_string()) reader.refuse(key, entry, "a token's text");
    tokens.push_back(text.get<std::string>());
  }
  return tokens;
}

std::vector<AddedToken> read_added_tokens(const ConfigReader& reader) {
  const char* key = "added_tokens_decoder";
  const nlohmann::json* object = reader.find(key);
  std::vector<AddedToken> tokens;
  if (object == nullptr) return tokens;
  if (!object->is_object()) reader.refuse(key, *object, "an object of ids and tokens");
  for (const auto& [text, value] : object->items()) {
    std::int32_t id = -1;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), id);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size() || id < 0 || id > kMaxId) {
      reader.fail(key, "the id " + quote(text), fmt::format("an integer from 0 to {}", kMaxId));
    }
    AddedToken token =
        read_added_token(value, reader.where(), fmt::format("{}.{}", key, printable(text)));
    token.id = id;
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace

Settings read_settings(const std::filesystem::path& dir) {
  Settings settings;
  settings.file = dir / "tokenizer_config.json";
  std::error_code error;
  if (!std::filesystem::exists(settings.file, error)) return settings;
  settings.present = true;
  const std::string where = path_text(settings.file);
  const auto object = parse_json_object(read_text_file(settings.file, kMaxConfigBytes), where);
  const ConfigReader reader(object, where);
  settings.tokenizer_class = reader.find_string("tokenizer_class");
  settings.add_bos_token = reader.find_bool("add_bos_token");
  settings.add_eos_token = reader.find_bool("add_eos_token").value_or(false);
  settings.add_prefix_space = reader.find_bool("add_prefix_space").value_or(false);
  settings.bos_token = find_token(reader, "bos_token");
  settings.eos_token = find_token(reader, "eos_token");
  settings.unk_token = find_token(reader, "unk_token");
  settings.pad_token = find_token(reader, "pad_token");
  settings.additional_special_tokens = read_special_tokens(reader);
  settings.added_tokens = read_added_tokens(reader);
  return settings;
}

}  // namespace fidelio::tokenizers
