// The reading direction of json_fields.h. A capsule is untrusted: a value is checked before it is
// taken over, and a message names the path, what was found and what was expected.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <vector>

#include "capsules/capsule_error.h"
#include "capsules/json.h"
#include "capsules/json_check.h"
#include "capsules/json_fields.h"
#include "capsules/json_strict.h"

namespace fidelio {
namespace {

using nlohmann::json;

/// A string's rule in words.
std::string expected_text(const FieldRule& rule) {
  switch (rule.text) {
    case FieldRule::Text::any:
      return "a string";
    case FieldRule::Text::digest:
      return "32 lower-case hex digits";
    case FieldRule::Text::digest_or_empty:
      return "32 lower-case hex digits or \"\"";
    case FieldRule::Text::one_of:
      break;
  }
  std::string words;
  for (const std::string_view word : rule.words)
    if (!word.empty()) words += fmt::format("{}\"{}\"", words.empty() ? "" : ", ", word);
  return "one of " + words;
}

bool is_digest(const std::string& text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool obeys(const std::string& text, const FieldRule& rule) {
  switch (rule.text) {
    case FieldRule::Text::any:
      return true;
    case FieldRule::Text::digest:
      return is_digest(text);
    case FieldRule::Text::digest_or_empty:
      return text.empty() || is_digest(text);
    case FieldRule::Text::one_of:
      return !text.empty() &&
             std::find(rule.words.begin(), rule.words.end(), text) != rule.words.end();
  }
  return false;
}

/// Reads the fields of one object after another; `found` is null where a field is missing.
class Reader {
 public:
  Reader(const std::string& where, std::int64_t version) : where_(where), version_(version) {}

  template <class T>
  void operator()(const char* key, T& value, const FieldRule& rule = {}) {
    if (rule.since > version_) return;  // in such a capsule the key would be an unknown one
    const std::size_t length = path_.size();
    path_ += fmt::format(".{}", key);
    const auto field = object_->find(key);
    read(field == object_->end() ? nullptr : &*field, value, rule);
    path_.resize(length);
    keys_.emplace_back(key);
  }

  template <class T>
  void read(const json* found, T& object, const FieldRule& /*rule*/) {
    if (found == nullptr || !found->is_object()) refuse(found, "an object");
    const json* outer_object = object_;
    std::vector<std::string_view> outer_keys = std::move(keys_);
    object_ = found;
    keys_.clear();
    or_null_ = false;
    fields(*this, object);
    refuse_unknown_keys();
    object_ = outer_object;
    keys_ = std::move(outer_keys);
  }

  void read(const json* found, std::int64_t& value, const FieldRule& rule) {
    value = integer(found, rule.min, std::numeric_limits<std::int64_t>::max());
  }

 private:
  void read(const json* found, std::int32_t& value, const FieldRule& rule) {
    value = static_cast<std::int32_t>(
        integer(found, rule.min, std::numeric_limits<std::int32_t>::max()));
  }
  void read(const json* found, bool& value, const FieldRule& /*rule*/) {
    if (found == nullptr || !found->is_boolean()) refuse(found, "true or false");
    value = found->get<bool>();
  }
  void read(const json* found, std::string& value, const FieldRule& rule) {
    if (found == nullptr || !found->is_string()) refuse(found, expected_text(rule));
    if (!obeys(found->get_ref<const std::string&>(), rule)) refuse(found, expected_text(rule));
    value = found->get<std::string>();
  }
  void read(const json* found, double& value, const FieldRule& rule) {
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
  template <class T>
  void read(const json* found, std::optional<T>& value, const FieldRule& rule) {
    or_null_ = true;
    if (found != nullptr && found->is_null()) {
      value.reset();
    } else {
      read(found, value.emplace(), rule);
    }
    or_null_ = false;
  }
  template <class T>
  void read(const json* found, std::vector<T>& values, const FieldRule& rule) {
    if (found == nullptr || !found->is_array()) refuse(found, "an array");
    values.clear();
    values.reserve(found->size());
    const std::size_t length = path_.size();
    for (const json& element : *found) {
      path_ += fmt::format("[{}]", values.size());
      read(&element, values.emplace_back(), rule);
      path_.resize(length);
    }
  }

  std::int64_t integer(const json* found, std::int64_t min, std::int64_t max) {
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
    if (object_->size() == keys_.size()) return;
    for (const auto& [key, value] : object_->items()) {
      if (std::find(keys_.begin(), keys_.end(), key) == keys_.end())
        throw CapsuleError(fmt::format("{}: {}: found the unknown field {}, expected {}", where_,
                                       path_, describe(json(key)), fmt::join(keys_, ", ")));
    }
  }

  [[noreturn]] void refuse(const json* found, const std::string& expected) {
    throw CapsuleError(fmt::format("{}: {}: found {}, expected {}{}", where_, path_,
                                   found == nullptr ? "no such field" : describe(*found), expected,
                                   or_null_ ? " or null" : ""));
  }

  const std::string& where_;
  std::int64_t version_;
  std::string path_ = "$";
  const json* object_ = nullptr;        ///< whose fields are being read
  std::vector<std::string_view> keys_;  ///< read from it so far
  bool or_null_ = false;                ///< the field being read is optional
};

/// The capsule's version, one of those that this program reads.
std::int64_t version_of(const json& document, const std::string& where) {
  const auto version = document.find("schema_version");
  if (version == document.end())
    throw CapsuleError(
        fmt::format("{}: $.schema_version: found no such field, expected 1 to {}; is it a capsule?",
                    where, kCapsuleSchemaVersion));
  if (!version->is_number_integer() || *version < 1 || *version > kCapsuleSchemaVersion)
    throw CapsuleError(fmt::format(
        "{}: $.schema_version: found {}, expected 1 to {}, the versions that this program reads",
        where, describe(*version), kCapsuleSchemaVersion));
  return version->get<std::int64_t>();
}

}  // namespace

Record from_json(const std::string& text, const std::string& where) {
  if (text.size() > kMaxCapsuleBytes)
    throw CapsuleError(fmt::format("{}: found {} bytes, expected a capsule of at most {}", where,
                                   text.size(), kMaxCapsuleBytes));
  const json document = parse_strictly(text, where);
  if (!document.is_object())
    throw CapsuleError(
        fmt::format("{}: $: found {}, expected an object", where, describe(document)));
  const std::int64_t version = version_of(document, where);
  Record record;
  Reader(where, version).read(&document, record, {});
  record.schema_version = kCapsuleSchemaVersion;  // what it holds now; the defaults filled it up
  check_sections(record, where);
  return record;
}

namespace {

[[noreturn]] void fail_to_read(const std::filesystem::path& path, int error) {
  throw CapsuleError(
      fmt::format("{}: cannot read it: {}", path.string(), std::generic_category().message(error)));
}

/// All of an open regular file. Everything is asked of the open file: at its path there may be
/// another one by now, of another size.
std::string text_of(const std::filesystem::path& path, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) fail_to_read(path, errno);
  if (S_ISDIR(info.st_mode)) fail_to_read(path, EISDIR);
  if (!S_ISREG(info.st_mode))
    throw CapsuleError(
        fmt::format("{}: is no regular file; a capsule was expected", path.string()));
  const auto size = static_cast<std::uintmax_t>(info.st_size);
  if (size > kMaxCapsuleBytes)
    throw CapsuleError(fmt::format("{}: found {} bytes, expected a capsule of at most {}",
                                   path.string(), size, kMaxCapsuleBytes));
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t n = ::read(fd, &text[filled], text.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_to_read(path, errno);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  text.resize(filled);
  return text;
}

}  // namespace

Record read_capsule(const std::filesystem::path& path) {
  // Without O_NONBLOCK a pipe would wait for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail_to_read(path, errno);
  std::string text;
  try {
    text = text_of(path, fd);
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
  return from_json(text, path.string());
}

}  // namespace fidelio
