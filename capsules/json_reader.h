// The reading direction of a list of fields such as json_fields.h. A document is untrusted: a value
// is checked before it is taken over, and a message names the path, what was found and what was
// expected. Which fields there are is said by `fields(io, object)` of each struct. Internal to
// capsules/.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capsules/capsule_error.h"
#include "capsules/field_rules.h"
#include "capsules/json_strict.h"

namespace fidelio {

/// A string's rule in words.
std::string expected_text(const FieldRule& rule);

/// Whether the string is one that its rule allows.
bool obeys(const std::string& text, const FieldRule& rule);

/// Reads the fields of one object after another; `found` is null where a field is missing. Throws
/// CapsuleError: "c.json: $.runs[3].decode_ns: found -5, expected an integer of 0 or more".
class JsonReader {
 public:
  /// What a field that is not there means. Inside an object that may be null, which has no
  /// defaults, it is always refused.
  enum class Missing : std::uint8_t { refused, keeps_default };

  JsonReader(const std::string& where, std::int64_t version, Missing missing = Missing::refused)
      : where_(where), version_(version), missing_(missing) {}

  template <class T>
  void operator()(const char* key, T& value, const FieldRule& rule = {}) {
    if (rule.since > version_) return;  // in such a capsule the key would be an unknown one
    const std::size_t length = path_.size();
    path_ += fmt::format(".{}", key);
    const auto field = object_->find(key);
    if (field != object_->end()) {
      read(&*field, value, rule);
    } else if (missing_ == Missing::refused) {
      read(nullptr, value, rule);
    }
    path_.resize(length);
    keys_.emplace_back(key);
  }

  template <class T>
  void read(const nlohmann::json* found, T& object, const FieldRule& /*rule*/) {
    if (found == nullptr || !found->is_object()) refuse(found, "an object");
    const nlohmann::json* outer_object = object_;
    std::vector<std::string_view> outer_keys = std::move(keys_);
    object_ = found;
    keys_.clear();
    or_null_ = false;
    fields(*this, object);
    refuse_unknown_keys();
    object_ = outer_object;
    keys_ = std::move(outer_keys);
  }

  void read(const nlohmann::json* found, std::int64_t& value, const FieldRule& rule) {
    value = integer(found, rule.min, std::numeric_limits<std::int64_t>::max());
  }

 private:
  void read(const nlohmann::json* found, std::int32_t& value, const FieldRule& rule) {
    value = static_cast<std::int32_t>(
        integer(found, rule.min, std::numeric_limits<std::int32_t>::max()));
  }
  void read(const nlohmann::json* found, bool& value, const FieldRule& /*rule*/) {
    if (found == nullptr || !found->is_boolean()) refuse(found, "true or false");
    value = found->get<bool>();
  }
  void read(const nlohmann::json* found, std::string& value, const FieldRule& rule) {
    if (found == nullptr || !found->is_string()) refuse(found, expected_text(rule));
    if (!obeys(found->get_ref<const std::string&>(), rule)) refuse(found, expected_text(rule));
    value = found->get<std::string>();
  }
  void read(const nlohmann::json* found, double& value, const FieldRule& rule) {
    const std::string expected =
        rule.max == kNoMaximum
            ? fmt::format("a number of {} or more, \"NaN\" or \"Infinity\"", rule.min)
            : fmt::format("a number from {} to {} or \"NaN\"", rule.min, rule.max);
    if (found == nullptr) refuse(found, expected);
    if (found->is_number()) {
      value = found->get<double>();
    } else if (*found == "NaN") {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (*found == "Infinity") {
      value = std::numeric_limits<double>::infinity();
    } else {
      refuse(found, expected);
    }
    // Written so that a NaN, which no order holds for, passes.
    if (value < static_cast<double>(rule.min) || value > rule.max) refuse(found, expected);
  }
  void read(const nlohmann::json* found, float& value, const FieldRule& rule) {
    double wide = 0;
    read(found, wide, rule);
    value = static_cast<float>(wide);
  }
  template <class T>
  void read(const nlohmann::json* found, std::optional<T>& value, const FieldRule& rule) {
    or_null_ = true;
    const Missing outer = std::exchange(missing_, Missing::refused);
    if (found != nullptr && found->is_null()) {
      value.reset();
    } else {
      read(found, value.emplace(), rule);
    }
    missing_ = outer;
    or_null_ = false;
  }
  template <class T>
  void read(const nlohmann::json* found, std::vector<T>& values, const FieldRule& rule) {
    if (found == nullptr || !found->is_array()) refuse(found, "an array");
    values.clear();
    values.reserve(found->size());
    const std::size_t length = path_.size();
    for (const nlohmann::json& element : *found) {
      path_ += fmt::format("[{}]", values.size());
      read(&element, values.emplace_back(), rule);
      path_.resize(length);
    }
  }

  std::int64_t integer(const nlohmann::json* found, std::int64_t min, std::int64_t max) {
    const bool integral =
        found != nullptr && found->is_number_integer() &&
        (!found->is_number_unsigned() ||
         found->get<std::uint64_t>() <=
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    const std::int64_t value = integral ? found->get<std::int64_t>() : min;
    if (!integral || value < min || value > max) {
      refuse(found, max == std::numeric_limits<std::int64_t>::max()
                        ? fmt::format("an integer of {} or more", min)
                        : fmt::format("an integer from {} to {}", min, max));
    }
    return value;
  }

  void refuse_unknown_keys() {
    if (missing_ == Missing::refused && object_->size() == keys_.size()) return;
    for (const auto& [key, value] : object_->items()) {
      if (std::find(keys_.begin(), keys_.end(), key) == keys_.end())
        throw CapsuleError(fmt::format("{}: {}: found the unknown field {}, expected {}", where_,
                                       path_, describe(nlohmann::json(key)),
                                       fmt::join(keys_, ", ")));
    }
  }

  [[noreturn]] void refuse(const nlohmann::json* found, const std::string& expected) {
    throw CapsuleError(fmt::format("{}: {}: found {}, expected {}{}", where_, path_,
                                   found == nullptr ? "no such field" : describe(*found), expected,
                                   or_null_ ? " or null" : ""));
  }

  const std::string& where_;
  std::int64_t version_;
  Missing missing_;
  std::string path_ = "$";
  const nlohmann::json* object_ = nullptr;  ///< whose fields are being read
  std::vector<std::string_view> keys_;      ///< read from it so far
  bool or_null_ = false;                    ///< the field being read is optional
};

}  // namespace fidelio
