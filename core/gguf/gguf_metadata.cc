// Source of the layout: the GGUF specification in ggml's docs/gguf.md.
#include "core/gguf/gguf_metadata.h"

#include <array>
#include <cmath>

#include "core/quote.h"

namespace fidelio {

namespace {

constexpr int kMaxDepth = 4;  // of arrays in arrays; published files have no such array at all
constexpr std::size_t kMaxKeyBytes = 65535;  // the specification's

struct TypeRow {
  std::string_view name;
  std::size_t bytes;  ///< of one value; 0 where it differs
};
constexpr std::array<TypeRow, 13> kValueTypes = {{
    {"uint8", 1},
    {"int8", 1},
    {"uint16", 2},
    {"int16", 2},
    {"uint32", 4},
    {"int32", 4},
    {"float32", 4},
    {"bool", 1},
    {"string", 0},
    {"array", 0},
    {"uint64", 8},
    {"int64", 8},
    {"float64", 8},
}};

const TypeRow& row_of(GgufType type) { return kValueTypes[static_cast<std::size_t>(type)]; }

GgufType read_type(GgufCursor& cursor, std::string_view what) {
  const auto id = cursor.number<std::uint32_t>(what);
  if (id >= kValueTypes.size()) {
    throw UserError(fmt::format("{}: {}: found the type {}, expected one from 0 to {}",
                                cursor.file(), what, id, kValueTypes.size() - 1));
  }
  return static_cast<GgufType>(id);
}

void check_booleans(std::span<const std::byte> bytes, const GgufCursor& cursor,
                    std::string_view what) {
  for (const std::byte byte : bytes) {
    if (std::to_integer<int>(byte) <= 1) continue;
    throw UserError(fmt::format("{}: {}: found the bool {}, expected 0 or 1", cursor.file(), what,
                                std::to_integer<int>(byte)));
  }
}

/// Passes `count` values of one type. Strings and inner arrays take at least their lengths' bytes,
/// so a count larger than the file ends at the file's end.
void pass(GgufCursor& cursor, GgufType type, std::uint64_t count, std::string_view what,
          int depth) {
  const std::size_t each = row_of(type).bytes;
  if (each > 0) {
    std::uint64_t total = 0;
    if (__builtin_mul_overflow(count, each, &total)) total = UINT64_MAX;
    const std::span<const std::byte> bytes = cursor.take(total, what);
    if (type == GgufType::boolean) check_booleans(bytes, cursor, what);
    return;
  }
  if (type == GgufType::array && depth >= kMaxDepth) {
    throw UserError(fmt::format("{}: {}: found arrays nested more than {} deep, expected fewer",
                                cursor.file(), what, kMaxDepth));
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (type == GgufType::string) {
      cursor.text(what);
    } else {
      const GgufType inner = read_type(cursor, what);
      pass(cursor, inner, cursor.number<std::uint64_t>(what), what, depth + 1);
    }
  }
}

GgufValue read_value(GgufCursor& cursor, std::string_view what) {
  GgufValue value;
  value.type = read_type(cursor, what);
  value.is_array = value.type == GgufType::array;
  if (value.is_array) {
    value.type = read_type(cursor, what);
    value.count = cursor.number<std::uint64_t>(what);
  }
  GgufCursor start = cursor;
  pass(cursor, value.type, value.count, what, 1);
  value.bytes = start.take(cursor.position() - start.position(), what);
  return value;
}

bool is_integer(GgufType type) {
  return type != GgufType::float32 && type != GgufType::float64 && type != GgufType::string &&
         type != GgufType::array && type != GgufType::boolean;
}

template <typename Number>
Number number_at(std::span<const std::byte> bytes, std::size_t index) {
  Number value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

/// Element `index` of integers or booleans; nullopt above int64's maximum.
std::optional<std::int64_t> integer_at(const GgufValue& value, std::size_t index) {
  switch (value.type) {
    case GgufType::uint8:
    case GgufType::boolean:
      return number_at<std::uint8_t>(value.bytes, index);
    case GgufType::int8:
      return number_at<std::int8_t>(value.bytes, index);
    case GgufType::uint16:
      return number_at<std::uint16_t>(value.bytes, index);
    case GgufType::int16:
      return number_at<std::int16_t>(value.bytes, index);
    case GgufType::uint32:
      return number_at<std::uint32_t>(value.bytes, index);
    case GgufType::int32:
      return number_at<std::int32_t>(value.bytes, index);
    case GgufType::uint64: {
      const auto number = number_at<std::uint64_t>(value.bytes, index);
      if (number > INT64_MAX) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    default:
      return number_at<std::int64_t>(value.bytes, index);
  }
}

}  // namespace

std::string type_text(const GgufValue& value) {
  const std::string_view name = row_of(value.type).name;
  return value.is_array ? fmt::format("an array of {} {}", value.count, name) : std::string(name);
}

GgufMetadata::GgufMetadata(GgufCursor& cursor, std::uint64_t n_values) : file_(cursor.file()) {
  for (std::uint64_t i = 0; i < n_values; ++i) {
    const std::string_view key = cursor.text(fmt::format("metadata key {} of {}", i, n_values));
    if (key.empty() || key.size() > kMaxKeyBytes) {
      throw UserError(fmt::format("{}: metadata key {}: found {} bytes, expected 1 to {}", file_, i,
                                  key.size(), kMaxKeyBytes));
    }
    const GgufValue value = read_value(cursor, printable(key));
    if (!values_.emplace(key, value).second) fail(key, "the key twice", "it once");
    keys_.push_back(key);
  }
}

void GgufMetadata::fail(std::string_view key, std::string_view found,
                        std::string_view expected) const {
  throw UserError(
      fmt::format("{}: {}: found {}, expected {}", file_, printable(key), found, expected));
}

void GgufMetadata::missing(std::string_view key, std::string_view expected) const {
  fail(key, "nothing", expected);
}

const GgufValue* GgufMetadata::find(std::string_view key) const {
  const auto place = values_.find(key);
  return place == values_.end() ? nullptr : &place->second;
}

std::optional<std::int64_t> GgufMetadata::find_integer(std::string_view key, std::int64_t min,
                                                       std::int64_t max) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::string expected = fmt::format("an integer from {} to {}", min, max);
  if (value->is_array || !is_integer(value->type)) fail(key, type_text(*value), expected);
  const auto number = integer_at(*value, 0);
  if (!number) fail(key, "more than 9223372036854775807", expected);
  if (*number < min || *number > max) fail(key, std::to_string(*number), expected);
  return number;
}

std::optional<float> GgufMetadata::find_float(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool single = value->type == GgufType::float32;
  if (value->is_array || (!single && value->type != GgufType::float64)) {
    fail(key, type_text(*value), "a float32");
  }
  const float number = single ? number_at<float>(value->bytes, 0)
                              : static_cast<float>(number_at<double>(value->bytes, 0));
  if (!std::isfinite(number)) fail(key, fmt::to_string(number), "a finite number");
  return number;
}

std::optional<bool> GgufMetadata::find_bool(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_array || value->type != GgufType::boolean) fail(key, type_text(*value), "a bool");
  return std::to_integer<int>(value->bytes[0]) != 0;
}

std::optional<std::string_view> GgufMetadata::find_string(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_array || value->type != GgufType::string) fail(key, type_text(*value), "a string");
  return GgufCursor(value->bytes, file_).text(key);
}

const GgufValue* GgufMetadata::find_array(std::string_view key, std::string_view expected,
                                          std::uint64_t max_count) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_array) fail(key, type_text(*value), expected);
  if (value->count > max_count) {
    fail(key, type_text(*value), fmt::format("at most {} elements", max_count));
  }
  return value;
}

std::optional<std::vector<std::int64_t>> GgufMetadata::find_integers(
    std::string_view key, std::uint64_t max_count) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_array) find_array(key, "", max_count);
  if (!is_integer(value->type) && value->type != GgufType::boolean) {
    fail(key, type_text(*value), "integers");
  }
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < value->count; ++i) {
    const auto number = integer_at(*value, i);
    if (!number) fail(key, "more than 9223372036854775807", "integers up to it");
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<std::vector<float>> GgufMetadata::find_floats(std::string_view key,
                                                            std::uint64_t max_count) const {
  const GgufValue* value = find_array(key, "an array of float32", max_count);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::float32) fail(key, type_text(*value), "an array of float32");
  std::vector<float> numbers;
  for (std::size_t i = 0; i < value->count; ++i) {
    numbers.push_back(number_at<float>(value->bytes, i));
  }
  return numbers;
}

std::optional<std::vector<std::string_view>> GgufMetadata::find_strings(
    std::string_view key, std::uint64_t max_count) const {
  const GgufValue* value = find_array(key, "an array of strings", max_count);
  if (value == nullptr) return std::nullopt;
  if (value->type != GgufType::string) fail(key, type_text(*value), "an array of strings");
  GgufCursor cursor(value->bytes, file_);
  std::vector<std::string_view> texts;
  texts.reserve(static_cast<std::size_t>(value->count));
  for (std::uint64_t i = 0; i < value->count; ++i) texts.push_back(cursor.text(key));
  return texts;
}

}  // namespace fidelio
