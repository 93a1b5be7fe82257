// Writes .safetensors files for tests: well-formed ones tensor by tensor, and malformed ones from
// any header text. Reads nothing and checks nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace fidelio::testing {

/// The bytes of a file: header length, `header`, `data`.
inline std::string safetensors_bytes(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes.append(header).append(data);
}

class SafetensorsWriter {
 public:
  /// Appends a tensor; `values` are its elements, stored as they are.
  template <typename T>
  SafetensorsWriter& add(const std::string& name, const std::string& dtype,
                         const std::vector<std::int64_t>& shape, const std::vector<T>& values) {
    const std::size_t begin = data_.size();
    data_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    header_[name] = {{"dtype", dtype}, {"shape", shape}, {"data_offsets", {begin, data_.size()}}};
    return *this;
  }

  /// Appends a tensor of zero bytes, `element_bytes` for every element of `shape`.
  SafetensorsWriter& add_zeros(const std::string& name, const std::string& dtype,
                               const std::vector<std::int64_t>& shape, std::size_t element_bytes) {
    std::size_t bytes = element_bytes;
    for (const std::int64_t dimension : shape) bytes *= static_cast<std::size_t>(dimension);
    return add(name, dtype, shape, std::vector<char>(bytes));
  }

  std::string bytes() const { return safetensors_bytes(header_.dump(), data_); }

  void write(const std::filesystem::path& file) const {
    std::ofstream(file, std::ios::binary) << bytes();
  }

 private:
  nlohmann::json header_ = nlohmann::json::object();
  std::string data_;
};

}  // namespace fidelio::testing
