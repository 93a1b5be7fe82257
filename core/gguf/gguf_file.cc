// Layout: magic, version, counts, key-value pairs, tensor table, padding, data.
#include "core/gguf/gguf_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kMaxDimensions = 4;  // ggml's
constexpr std::size_t kMaxNameBytes = 255;   // ggml's is 64; forks have longer ones
constexpr std::int64_t kDefaultAlignment = 32;

[[noreturn]] void fail(std::string_view where, std::string_view what, std::string_view found,
                       std::string_view expected) {
  throw UserError(fmt::format("{}: {}: found {}, expected {}", where, what, found, expected));
}

/// Reads magic and version.
void read_start(GgufCursor& cursor) {
  const std::span<const std::byte> magic = cursor.take(kMagic.size(), "magic number");
  const std::string_view text(reinterpret_cast<const char*>(magic.data()), magic.size());
  if (text != kMagic) fail(cursor.file(), "magic number", quote(text), quote(kMagic));
  const auto version = cursor.number<std::uint32_t>("version");
  if (version == 2 || version == 3) return;
  const bool swapped = __builtin_bswap32(version) == 3;
  fail(cursor.file(), "version", swapped ? "a big-endian file" : std::to_string(version),
       swapped ? "a little-endian one" : "2 or 3");
}

/// A tensor and its place in the data, before the places are compared.
struct Placed {
  GgufTensor tensor;
  std::uint64_t offset = 0;
  std::uint64_t n_bytes = 0;
};

/// The file's dimensions, the fastest first, as a row-major shape.
std::vector<std::int64_t> read_shape(GgufCursor& cursor, std::string_view where) {
  const auto n = cursor.number<std::uint32_t>(where);
  if (n < 1 || n > kMaxDimensions) {
    fail(cursor.file(), where, fmt::format("{} dimensions", n),
         fmt::format("1 to {}", kMaxDimensions));
  }
  std::vector<std::int64_t> shape;
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto dimension = cursor.number<std::uint64_t>(where);
    if (dimension < 1 || dimension > INT64_MAX) {
      fail(cursor.file(), where, fmt::format("the dimension {}", dimension),
           "one from 1 to 9223372036854775807");
    }
    shape.push_back(static_cast<std::int64_t>(dimension));
  }
  std::reverse(shape.begin(), shape.end());
  return shape;
}

/// Bytes of the blocks of a tensor.
std::uint64_t blocks_bytes(const GgufTensor& tensor, const std::string& file,
                           std::string_view where) {
  const GgufTensorType& type = *tensor.type;
  if (tensor.shape.back() % type.block_elements != 0) {
    fail(file, where, fmt::format("{} {}", type.name, shape_text(tensor.shape)),
         fmt::format("rows of whole blocks of {} elements", type.block_elements));
  }
  std::uint64_t bytes = type.block_bytes;
  bool overflow = false;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const bool last = i + 1 == tensor.shape.size();
    const auto n = static_cast<std::uint64_t>(tensor.shape[i]) / (last ? type.block_elements : 1);
    overflow = __builtin_mul_overflow(bytes, n, &bytes) || overflow;
  }
  if (overflow) fail(file, where, shape_text(tensor.shape), "a size that fits in 64 bits");
  return bytes;
}

Placed read_tensor(GgufCursor& cursor, std::uint64_t index, std::uint64_t n_tensors) {
  Placed placed;
  const std::string entry = fmt::format("tensor {} of {}", index, n_tensors);
  placed.tensor.name = cursor.text(entry);
  if (placed.tensor.name.empty() || placed.tensor.name.size() > kMaxNameBytes) {
    fail(cursor.file(), entry, fmt::format("a name of {} bytes", placed.tensor.name.size()),
         fmt::format("1 to {}", kMaxNameBytes));
  }
  const std::string where = "tensor " + quote(placed.tensor.name);
  placed.tensor.shape = read_shape(cursor, where);
  const auto type = cursor.number<std::uint32_t>(where);
  placed.tensor.type = find_gguf_tensor_type(type);
  if (placed.tensor.type == nullptr) {
    fail(cursor.file(), where, fmt::format("the type number {}", type),
         fmt::format("one of {}", readable_gguf_types()));
  }
  placed.offset = cursor.number<std::uint64_t>(where);
  placed.n_bytes = blocks_bytes(placed.tensor, cursor.file(), where);
  return placed;
}

std::vector<Placed> read_table(GgufCursor& cursor, std::uint64_t n_tensors) {
  std::vector<Placed> table;  // grows with what the file holds, not with what it promises
  std::unordered_set<std::string_view> names;
  for (std::uint64_t i = 0; i < n_tensors; ++i) {
    table.push_back(read_tensor(cursor, i, n_tensors));
    const std::string_view name = table.back().tensor.name;
    if (!names.insert(name).second) {
      fail(cursor.file(), "tensor " + quote(name), "it twice", "it once");
    }
  }
  return table;
}

/// Sorts the tensors by place and gives them their bytes.
std::vector<GgufTensor> place(std::vector<Placed> table, std::span<const std::byte> data,
                              std::uint64_t alignment, const std::string& file) {
  std::sort(table.begin(), table.end(),
            [](const Placed& a, const Placed& b) { return a.offset < b.offset; });
  std::vector<GgufTensor> tensors;
  tensors.reserve(table.size());
  std::uint64_t end = 0;
  for (Placed& placed : table) {
    const std::string where = "tensor " + quote(placed.tensor.name);
    if (placed.offset % alignment != 0) {
      fail(file, where, fmt::format("the offset {}", placed.offset),
           fmt::format("a multiple of the alignment {}", alignment));
    }
    if (placed.offset > data.size() || placed.n_bytes > data.size() - placed.offset) {
      fail(file, where, fmt::format("{} bytes at offset {}", placed.n_bytes, placed.offset),
           fmt::format("them within the {} bytes of data (is the file truncated?)", data.size()));
    }
    if (placed.offset < end) {
      fail(file, where,
           fmt::format("the offset {}, inside {}", placed.offset, quote(tensors.back().name)),
           fmt::format("at least {}", end));
    }
    end = placed.offset + placed.n_bytes;
    placed.tensor.bytes = data.subspan(static_cast<std::size_t>(placed.offset),
                                       static_cast<std::size_t>(placed.n_bytes));
    tensors.push_back(std::move(placed.tensor));
  }
  return tensors;
}

std::uint64_t read_alignment(const GgufMetadata& metadata) {
  const char* key = "general.alignment";
  const std::int64_t alignment =
      metadata.find_integer(key, 1, UINT32_MAX).value_or(kDefaultAlignment);
  if ((alignment & (alignment - 1)) != 0) {
    metadata.fail(key, std::to_string(alignment), "a power of two");
  }
  return static_cast<std::uint64_t>(alignment);
}

/// What is left of the file behind the padding after the table. A file without data may end before
/// its padding does.
std::span<const std::byte> data_of(GgufCursor& cursor, std::uint64_t alignment) {
  const std::uint64_t padding = (alignment - cursor.position() % alignment) % alignment;
  cursor.take(std::min<std::uint64_t>(padding, cursor.remaining()), "padding");
  return cursor.take(cursor.remaining(), "data");
}

}  // namespace

GgufFile GgufFile::open(const std::filesystem::path& path, LoadMode mode) {
  MappedFile mapped = MappedFile::open(path, mode);
  GgufCursor cursor(mapped.bytes(), path_text(path));
  read_start(cursor);
  const auto n_tensors = cursor.number<std::uint64_t>("tensor count");
  const auto n_values = cursor.number<std::uint64_t>("metadata count");
  GgufMetadata metadata(cursor, n_values);
  const std::span<const std::byte> metadata_bytes = mapped.bytes().first(cursor.position());
  std::vector<Placed> table = read_table(cursor, n_tensors);
  const std::uint64_t alignment = read_alignment(metadata);
  std::vector<GgufTensor> tensors =
      place(std::move(table), data_of(cursor, alignment), alignment, cursor.file());
  return {std::move(mapped), std::move(metadata), std::move(tensors), metadata_bytes};
}

bool is_gguf_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  if (path.extension() == ".gguf") return true;
  std::array<char, 4> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return std::string_view(start.data(), start.size()) == kMagic;
}

}  // namespace fidelio
