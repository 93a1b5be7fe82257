// Writes GGUF files for tests: well-formed ones value by value, and parts of them by themselves, so
// that malformed ones can be put together. Reads nothing and checks nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/gguf/gguf_metadata.h"

namespace fidelio::testing {

/// The bytes of a number.
template <typename Number>
std::string number_bytes(Number value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}
/// A string with its length before it.
inline std::string text_bytes(std::string_view text) {
  return number_bytes(std::uint64_t{text.size()}).append(text);
}

/// Numbers of tensor types (ggml_type).
inline constexpr std::uint32_t kF32 = 0;
inline constexpr std::uint32_t kQ8 = 8;
inline constexpr std::uint32_t kQ4K = 12;

class GgufWriter {
 public:
  /// A value whose bytes the caller makes.
  GgufWriter& add_raw(std::string_view key, GgufType type, std::string_view bytes) {
    metadata_ += text_bytes(key) + number_bytes(static_cast<std::uint32_t>(type));
    metadata_ += bytes;
    ++n_values_;
    return *this;
  }
  GgufWriter& add(std::string_view key, std::uint32_t value) {
    return add_raw(key, GgufType::uint32, number_bytes(value));
  }
  GgufWriter& add(std::string_view key, float value) {
    return add_raw(key, GgufType::float32, number_bytes(value));
  }
  GgufWriter& add(std::string_view key, bool value) {
    return add_raw(key, GgufType::boolean, number_bytes(static_cast<std::uint8_t>(value)));
  }
  GgufWriter& add(std::string_view key, const char* value) {
    return add_raw(key, GgufType::string, text_bytes(value));
  }
  GgufWriter& add(std::string_view key, const std::vector<std::string>& values) {
    std::string bytes;
    for (const std::string& value : values) bytes += text_bytes(value);
    return add_array(key, GgufType::string, values.size(), bytes);
  }
  GgufWriter& add(std::string_view key, const std::vector<std::int32_t>& values) {
    std::string bytes;
    for (const std::int32_t value : values) bytes += number_bytes(value);
    return add_array(key, GgufType::int32, values.size(), bytes);
  }
  GgufWriter& add(std::string_view key, const std::vector<float>& values) {
    std::string bytes;
    for (const float value : values) bytes += number_bytes(value);
    return add_array(key, GgufType::float32, values.size(), bytes);
  }
  GgufWriter& add_array(std::string_view key, GgufType type, std::uint64_t count,
                        std::string_view bytes) {
    return add_raw(
        key, GgufType::array,
        number_bytes(static_cast<std::uint32_t>(type)) + number_bytes(count) + std::string(bytes));
  }

  /// A tensor of `type` with `dimensions` as the file has them (the fastest first) at the next
  /// aligned place.
  GgufWriter& tensor(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                     std::uint32_t type, std::string_view bytes) {
    data_.resize((data_.size() + alignment_ - 1) / alignment_ * alignment_);
    const std::size_t offset = data_.size();
    data_ += bytes;
    return entry(name, dimensions, type, offset);
  }
  GgufWriter& floats(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                     const std::vector<float>& values) {
    return tensor(name, dimensions, 0,
                  {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  /// Only the entry of the tensor table.
  GgufWriter& entry(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                    std::uint32_t type, std::uint64_t offset) {
    table_ += text_bytes(name) + number_bytes(static_cast<std::uint32_t>(dimensions.size()));
    for (const std::uint64_t dimension : dimensions) table_ += number_bytes(dimension);
    table_ += number_bytes(type) + number_bytes(offset);
    ++n_tensors_;
    return *this;
  }

  /// What the file says instead of the truth.
  GgufWriter& version(std::uint32_t version) {
    version_ = version;
    return *this;
  }
  GgufWriter& counts(std::uint64_t n_tensors, std::uint64_t n_values) {
    n_tensors_ = n_tensors;
    n_values_ = n_values;
    return *this;
  }
  /// Of data and padding; the caller adds general.alignment.
  GgufWriter& alignment(std::size_t alignment) {
    alignment_ = alignment;
    return *this;
  }

  std::string bytes() const {
    std::string all = "GGUF" + number_bytes(version_) + number_bytes(n_tensors_) +
                      number_bytes(n_values_) + metadata_ + table_;
    all.resize((all.size() + alignment_ - 1) / alignment_ * alignment_);
    return all + data_;
  }
  std::filesystem::path write(const std::filesystem::path& file) const {
    std::ofstream(file, std::ios::binary) << bytes();
    return file;
  }

 private:
  std::uint32_t version_ = 3;
  std::uint64_t n_values_ = 0;
  std::uint64_t n_tensors_ = 0;
  std::size_t alignment_ = 32;
  std::string metadata_;
  std::string table_;
  std::string data_;
};

}  // namespace fidelio::testing
