// The metadata of a GGUF file: typed values by key, checked when read. What the keys say about a
// model is core/gguf/gguf_config.h's; the tensors are core/gguf/gguf_file.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/gguf/gguf_cursor.h"

namespace fidelio {

/// The numbers are the file format's.
enum class GgufType : std::uint32_t {
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  float32,
  boolean,
  string,
  array,
  uint64,
  int64,
  float64,
};

/// A value as it lies in the file.
struct GgufValue {
  GgufType type = GgufType::uint8;  ///< of an array that of its elements
  bool is_array = false;
  std::uint64_t count = 1;           ///< elements of an array
  std::span<const std::byte> bytes;  ///< the elements one after another, strings with their lengths
};

/// Borrows the file's bytes. Values are found without being copied: what it keeps in memory is a
/// few dozen bytes a key, however long the arrays. The typed members give nullopt for an absent key
/// and throw UserError naming file, key, found and expected for a value of another type or range.
class GgufMetadata {
 public:
  /// `n_values` pairs of key and value from `cursor`. Throws UserError for unknown types, booleans
  /// other than 0 and 1, arrays nested too deeply, keys that come twice, and for everything that
  /// the file is too short for.
  GgufMetadata(GgufCursor& cursor, std::uint64_t n_values);

  const std::string& file() const { return file_; }
  /// In the order of the file.
  std::span<const std::string_view> keys() const { return keys_; }
  /// nullptr when absent.
  const GgufValue* find(std::string_view key) const;

  /// Of any integer type.
  std::optional<std::int64_t> find_integer(std::string_view key, std::int64_t min,
                                           std::int64_t max) const;
  /// A float32, or a float64 rounded to one; finite.
  std::optional<float> find_float(std::string_view key) const;
  std::optional<bool> find_bool(std::string_view key) const;
  std::optional<std::string_view> find_string(std::string_view key) const;
  /// An array of any integer type (bool counts as 0 and 1) with at most `max_count` elements; a
  /// single integer is an array of one.
  std::optional<std::vector<std::int64_t>> find_integers(std::string_view key,
                                                         std::uint64_t max_count) const;
  /// Arrays of at most `max_count` float32 or strings.
  std::optional<std::vector<float>> find_floats(std::string_view key,
                                                std::uint64_t max_count) const;
  std::optional<std::vector<std::string_view>> find_strings(std::string_view key,
                                                            std::uint64_t max_count) const;

  [[noreturn]] void fail(std::string_view key, std::string_view found,
                         std::string_view expected) const;
  [[noreturn]] void missing(std::string_view key, std::string_view expected) const;

 private:
  /// nullptr when absent; fails unless it is an array of at most `max_count` elements.
  const GgufValue* find_array(std::string_view key, std::string_view expected,
                              std::uint64_t max_count) const;

  std::string file_;
  std::vector<std::string_view> keys_;
  std::unordered_map<std::string_view, GgufValue> values_;
};

/// "uint32", "an array of 3 string", ...
std::string type_text(const GgufValue& value);

}  // namespace fidelio
