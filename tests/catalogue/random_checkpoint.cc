#include "tests/catalogue/random_checkpoint.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "core/check.h"
#include "tests/support/oracles.h"
#include "tests/support/safetensors_writer.h"

namespace fidelio::catalogue {
namespace {

using Json = nlohmann::json;

/// A .safetensors file taken apart; the oracles' are well-formed.
struct Tensors {
  Json header;
  std::string data;

  explicit Tensors(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    header = Json::parse(bytes.substr(sizeof length, length));
    data = bytes.substr(sizeof length + length);
  }
  char* bytes_of(const Json& tensor) {
    return data.data() + tensor["data_offsets"][0].get<std::size_t>();
  }
};

/// Uniform below n, the same with every standard library.
std::size_t below(std::mt19937& random, std::size_t n) { return random() % n; }

void shuffle(char* bytes, std::size_t n_elements, std::size_t element_bytes, std::uint32_t seed) {
  std::mt19937 random(seed);
  for (std::size_t i = n_elements; i > 1; --i) {
    const std::size_t j = below(random, i);
    std::swap_ranges(bytes + (i - 1) * element_bytes, bytes + i * element_bytes,
                     bytes + j * element_bytes);
  }
}

/// One seed for all tensors of a path: scales and biases then move together.
std::uint32_t seed_of(const std::string& name, std::uint32_t seed) {
  std::uint32_t hash = 2166136261U ^ seed;  // FNV-1a
  for (const char c : name.substr(0, name.rfind('.')))
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

void shuffle_all(Tensors& tensors, std::uint32_t seed) {
  for (const auto& [name, tensor] : tensors.header.items()) {
    if (name == "__metadata__") continue;
    std::size_t n = 1;
    for (const Json& size : tensor["shape"]) n *= size.get<std::size_t>();
    const std::size_t bytes =
        tensor["data_offsets"][1].get<std::size_t>() - tensor["data_offsets"][0].get<std::size_t>();
    if (n > 0) shuffle(tensors.bytes_of(tensor), n, bytes / n, seed_of(name, seed));
  }
}

bool is_router(const std::string& name) {
  constexpr std::string_view kSuffix = ".gate.weight";
  return name.size() > kSuffix.size() &&
         name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

/// Every row of a group becomes the group's first row plus 2^-20 of itself.
void tie_rows(float* rows, std::size_t n_rows, std::size_t size, std::size_t group) {
  for (std::size_t r = 0; r < n_rows; ++r) {
    const std::size_t first = r - r % group;
    for (std::size_t i = 0; i < size && r != first; ++i)
      rows[r * size + i] = rows[first * size + i] + 0x1p-20F * rows[r * size + i];
  }
}

void tie_routers(Tensors& tensors, std::int64_t top_k) {
  // A group that the top k always cuts: k is no multiple of its size.
  const std::size_t group = top_k % 2 == 1 ? 2 : 3;
  for (const auto& [name, tensor] : tensors.header.items()) {
    if (!is_router(name)) continue;
    FIDELIO_CHECK(tensor["dtype"] == "F32");
    const auto n_rows = tensor["shape"][0].get<std::size_t>();
    const auto size = tensor["shape"][1].get<std::size_t>();
    std::vector<float> rows(n_rows * size);
    std::memcpy(rows.data(), tensors.bytes_of(tensor), rows.size() * sizeof(float));
    tie_rows(rows.data(), n_rows, size, group);
    std::memcpy(tensors.bytes_of(tensor), rows.data(), rows.size() * sizeof(float));
  }
}

}  // namespace

bool RandomCheckpoint::can_tie(const std::string& folder) {
  return std::filesystem::path(folder).filename() == "float32";
}

RandomCheckpoint::RandomCheckpoint(const std::string& folder, std::uint32_t seed, bool ties) {
  const std::filesystem::path from = testing::kOracles / folder;
  std::ifstream config(from / "config.json");
  const std::string text{std::istreambuf_iterator<char>(config), {}};
  Tensors tensors(from / "model.safetensors");
  shuffle_all(tensors, seed);
  if (ties) tie_routers(tensors, Json::parse(text).at("num_experts_per_tok").get<std::int64_t>());
  dir_.write("config.json", text);
  dir_.write("model.safetensors", testing::safetensors_bytes(tensors.header.dump(), tensors.data));
  model_ = load_model(dir_.path().string());
}

}  // namespace fidelio::catalogue
