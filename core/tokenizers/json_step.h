// One step of a tokenizer.json: a JSON object with a "type". What the steps do is the business of
// the files that read them.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/config_reader.h"
#include "core/quote.h"

namespace fidelio::tokenizers {

inline constexpr std::size_t kMaxSteps = 64;        ///< of a Sequence, inner ones included
inline constexpr std::size_t kMaxTextBytes = 4096;  ///< of a text that a step puts in or looks for

/// Borrows the object. Every member throws UserError naming file, key, found and expected.
class JsonStep {
 public:
  JsonStep(const nlohmann::json& object, std::string where, std::string key)
      : object_(object), where_(std::move(where)), key_(std::move(key)) {
    if (!object.is_object()) outer().refuse(key_, object, "an object or null");
  }

  const std::string& where() const { return where_; }
  ConfigReader reader() const { return {object_, where_, key_ + "."}; }
  std::string type() const { return text("type"); }
  [[noreturn]] void refuse_type(std::string_view expected) const {
    reader().fail("type", quote(type()), expected);
  }

  /// Refuses every key but these and "type".
  void allow(std::initializer_list<std::string_view> keys) const {
    for (const auto& [key, value] : object_.items()) {
      if (key != "type" && std::find(keys.begin(), keys.end(), key) == keys.end()) {
        reader().refuse(key, value, "no such key");
      }
    }
  }

  bool flag(const char* key, bool fallback) const {
    return reader().find_bool(key).value_or(fallback);
  }
  /// A string of at most kMaxTextBytes.
  std::string text(const char* key) const {
    const auto value = reader().find_string(key);
    if (!value) reader().missing(key, "a string");
    if (value->size() > kMaxTextBytes) {
      reader().fail(key, fmt::format("{} bytes", value->size()),
                    fmt::format("at most {}", kMaxTextBytes));
    }
    return *value;
  }
  /// The steps of a Sequence, under `key`; to be read once. Sequences in Sequences count together,
  /// else nesting would multiply the limit.
  std::vector<JsonStep> steps(const char* key) const {
    const nlohmann::json* list = reader().find(key);
    if (list == nullptr) reader().missing(key, "a list");
    if (!list->is_array()) reader().refuse(key, *list, "a list");
    *n_steps_ += list->size();
    if (*n_steps_ > kMaxSteps) {
      reader().fail(key, fmt::format("step {}", *n_steps_),
                    fmt::format("at most {} steps, inner Sequences included", kMaxSteps));
    }
    std::vector<JsonStep> result;
    for (std::size_t i = 0; i < list->size(); ++i) {
      result.emplace_back((*list)[i], where_, fmt::format("{}.{}[{}]", key_, key, i));
      result.back().n_steps_ = n_steps_;
    }
    return result;
  }
  /// {"String": "..."} or {"Regex": "..."}, under "pattern".
  struct Pattern {
    bool is_regex;
    std::string text;
  };
  Pattern pattern() const {
    const nlohmann::json* value = reader().find("pattern");
    if (value == nullptr) reader().missing("pattern", "an object");
    const bool one = value->is_object() && value->size() == 1;
    const bool is_regex = one && value->contains("Regex");
    if (!one || !(is_regex || value->contains("String")) || !value->begin()->is_string()) {
      reader().refuse("pattern", *value, "{\"String\": \"...\"} or {\"Regex\": \"...\"}");
    }
    Pattern pattern{is_regex, value->begin()->get<std::string>()};
    if (pattern.text.empty()) reader().refuse("pattern", *value, "a pattern that is not empty");
    return pattern;
  }
  std::string place() const { return where_ + ": " + key_; }

 private:
  ConfigReader outer() const { return {object_, where_}; }

  const nlohmann::json& object_;
  std::string where_;
  std::string key_;
  std::shared_ptr<std::size_t> n_steps_ = std::make_shared<std::size_t>(0);  ///< one a tree
};

}  // namespace fidelio::tokenizers
