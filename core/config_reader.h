// Typed, bounded access to one JSON object of a config, with messages that name file, key, found
// and expected. For the config parsers only; what the values mean is theirs.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

/// Far above any published model, low enough for products of three in 64 bits.
inline constexpr std::int64_t kMaxPositions = std::int64_t{1} << 31;
inline constexpr std::int64_t kMaxWidth = std::int64_t{1} << 20;
inline constexpr std::int64_t kMaxLayers = 4096;

/// Borrows the object. `prefix` is put before keys in messages ("quantization." for a nested
/// object). A key whose value is null counts as absent, as it does for the references.
class ConfigReader {
 public:
  /// Keys -> what messages shall call them: where a config was made from something else.
  using Sources = std::map<std::string, std::string>;

  /// Borrows `sources`, too.
  ConfigReader(const nlohmann::json& object, std::string where, std::string prefix = "",
               const Sources* sources = nullptr)
      : object_(object), where_(std::move(where)), prefix_(std::move(prefix)), sources_(sources) {}

  const std::string& where() const { return where_; }

  /// A reader of an object that stands under `key` of this one.
  ConfigReader nested(const std::string& key, const nlohmann::json& object) const {
    return {object, where_, prefix_ + key + ".", sources_};
  }

  /// nullptr when absent or null.
  const nlohmann::json* find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }

  /// True for a key with any value, null included.
  bool has(const char* key) const { return object_.contains(key); }

  [[noreturn]] void fail(std::string_view key, std::string_view found,
                         std::string_view expected) const {
    std::string name = prefix_ + printable(key);
    if (sources_ != nullptr) {
      const auto source = sources_->find(name);
      if (source != sources_->end()) name = fmt::format("{} ({})", source->second, name);
    }
    throw UserError(fmt::format("{}: {}: found {}, expected {}", where_, name, found, expected));
  }
  /// The key has a value that is not wanted.
  [[noreturn]] void refuse(std::string_view key, const nlohmann::json& found,
                           std::string_view expected) const {
    const auto text = found.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    fail(key, printable(text, 80), expected);
  }
  /// The key is absent or null.
  [[noreturn]] void missing(std::string_view key, std::string_view expected) const {
    fail(key, "nothing", expected);
  }

  /// An integer in [min, max]; nullopt when absent.
  std::optional<std::int64_t> find_integer(const char* key, std::int64_t min,
                                           std::int64_t max) const {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return std::nullopt;
    return integer_of(key, *value, min, max);
  }
  std::int64_t integer(const char* key, std::int64_t min, std::int64_t max) const {
    return integer_of(key, required(key, fmt::format("an integer from {} to {}", min, max)), min,
                      max);
  }
  std::int64_t integer_of(const char* key, const nlohmann::json& value, std::int64_t min,
                          std::int64_t max) const {
    const bool wide = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
    if (!value.is_number_integer() || wide || value.get<std::int64_t>() < min ||
        value.get<std::int64_t>() > max) {
      refuse(key, value, fmt::format("an integer from {} to {}", min, max));
    }
    return value.get<std::int64_t>();
  }

  /// A number in [min, max], rounded to the nearest float32.
  std::optional<float> find_float(const char* key, double min, double max) const {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return std::nullopt;
    const bool inside =
        value->is_number() && value->get<double>() >= min && value->get<double>() <= max;
    if (!inside) refuse(key, *value, fmt::format("a number from {} to {}", min, max));
    return static_cast<float>(value->get<double>());
  }

  std::optional<bool> find_bool(const char* key) const {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) refuse(key, *value, "true or false");
    return value->get<bool>();
  }

  std::optional<std::string> find_string(const char* key) const {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) refuse(key, *value, "a string");
    return value->get<std::string>();
  }

 private:
  const nlohmann::json& required(const char* key, std::string_view expected) const {
    const nlohmann::json* value = find(key);
    if (value == nullptr) missing(key, expected);
    return *value;
  }

  const nlohmann::json& object_;
  std::string where_;
  std::string prefix_;
  const Sources* sources_;
};

}  // namespace fidelio
