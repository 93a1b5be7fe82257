// A JSON object of a catalogue file whose every key must be known: what was not asked for is an
// error. Values are checked by type here, by meaning in the files that ask.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace fidelio::catalogue {

class JsonObject {
 public:
  /// Reads and parses; throws UserError when it is no JSON object.
  explicit JsonObject(const std::filesystem::path& file);
  JsonObject(std::string where, nlohmann::json value);

  const std::string& where() const { return where_; }
  bool has(const std::string& key) const { return value_.contains(key); }
  bool is_text(const std::string& key) const {
    return value_.contains(key) && value_.at(key).is_string();
  }
  std::string text(const std::string& key);
  std::string text_or(const std::string& key, const std::string& otherwise);
  double number_or(const std::string& key, double otherwise);
  bool flag_or(const std::string& key, bool otherwise);
  std::vector<std::string> texts(const std::string& key);
  JsonObject object_or_empty(const std::string& key);

  /// Throws UserError for a key that nobody asked for.
  void refuse_others() const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  const nlohmann::json& at(const std::string& key);

  std::string where_;
  nlohmann::json value_;
  std::set<std::string> asked_;
};

}  // namespace fidelio::catalogue
