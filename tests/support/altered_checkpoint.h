// A copy of a checkpoint with some tensors' bytes changed in place, for tests that ask whether the
// logits notice. Names, types and shapes stay; altered_model.h changes the graph instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

namespace fidelio::testing {

/// One tensor of a safetensors file.
struct StoredTensor {
  std::string name;
  std::string dtype;
  std::vector<std::size_t> shape;
  std::span<char> bytes;

  std::size_t element_bytes() const {
    std::size_t n = 1;
    for (const std::size_t dimension : shape) n *= dimension;
    return bytes.size() / n;
  }
};

/// Changes a tensor's bytes; false where the tensor is not meant.
using TensorEdit = std::function<bool(const StoredTensor&)>;

/// `from`'s config.json and model.safetensors in `to`, every tensor passed through `edit`. Returns
/// how many were meant.
inline int copy_altered(const std::filesystem::path& from, const std::filesystem::path& to,
                        const TensorEdit& edit) {
  std::ifstream in(from / "model.safetensors", std::ios::binary);
  std::string file((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  const auto header = nlohmann::json::parse(file.substr(sizeof length, length));
  int meant = 0;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const auto ends = entry.at("data_offsets").get<std::vector<std::size_t>>();
    const StoredTensor tensor{
        name, entry.at("dtype"), entry.at("shape").get<std::vector<std::size_t>>(),
        std::span(file).subspan(sizeof length + length + ends[0], ends[1] - ends[0])};
    meant += edit(tensor) ? 1 : 0;
  }
  std::ofstream(to / "model.safetensors", std::ios::binary) << file;
  std::filesystem::copy_file(from / "config.json", to / "config.json",
                             std::filesystem::copy_options::overwrite_existing);
  return meant;
}

}  // namespace fidelio::testing
