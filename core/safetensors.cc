// The checks of a safetensors header. Layout: 8 bytes little-endian header length N, N bytes of
// JSON, data.
#include "core/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json_text.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors data is read in place");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit
constexpr const char* kMetadataKey = "__metadata__";

struct Dtype {
  std::string_view name;
  std::uint64_t bits;
};
constexpr Dtype kDtypes[] = {
    {"BOOL", 8},    {"U8", 8},   {"I8", 8},      {"F8_E4M3", 8}, {"F8_E5M2", 8},
    {"F8_E8M0", 8}, {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U16", 16},
    {"I16", 16},    {"F16", 16}, {"BF16", 16},   {"U32", 32},    {"I32", 32},
    {"F32", 32},    {"U64", 64}, {"I64", 64},    {"F64", 64},    {"C64", 64},
};

/// A tensor with its place, before the places are compared with each other.
struct PlacedTensor {
  TensorInfo info;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

[[noreturn]] void fail(const std::string& where, std::string_view what, std::string_view found,
                       std::string_view expected) {
  throw UserError(fmt::format("{}: {}: found {}, expected {}", where, what, found, expected));
}

/// The JSON of a value for a message.
std::string found_text(const json& value) {
  return printable(value.dump(-1, ' ', false, json::error_handler_t::replace), 80);
}

const json& member(const json& tensor, const char* key, const std::string& where) {
  const auto it = tensor.find(key);
  if (it == tensor.end()) fail(where, key, "nothing", "the key");
  return *it;
}

/// An array of non-negative integers no larger than int64's maximum.
std::vector<std::int64_t> integers(const json& value, const char* key, const std::string& where) {
  const char* expected = "an array of integers from 0 to 9223372036854775807";
  if (!value.is_array()) fail(where, key, found_text(value), expected);
  std::vector<std::int64_t> numbers;
  for (const json& number : value) {
    if (!number.is_number_unsigned() || number.get<std::uint64_t>() > INT64_MAX) {
      fail(where, key, found_text(number), expected);
    }
    numbers.push_back(number.get<std::int64_t>());
  }
  return numbers;
}

const Dtype& dtype_of(const json& value, const std::string& where) {
  if (value.is_string()) {
    const std::string_view name = value.get_ref<const std::string&>();
    for (const Dtype& dtype : kDtypes) {
      if (dtype.name == name) return dtype;
    }
  }
  std::vector<std::string_view> known;
  for (const Dtype& dtype : kDtypes) known.push_back(dtype.name);
  fail(where, "dtype", found_text(value), fmt::format("one of {}", fmt::join(known, ", ")));
}

/// Bytes of a tensor of `shape`; fails where the product leaves 64 bits or is no whole number of
/// bytes.
std::uint64_t shape_bytes(std::span<const std::int64_t> shape, const Dtype& dtype,
                          const std::string& where) {
  std::uint64_t bits = dtype.bits;
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  for (const std::int64_t dimension : shape) {
    const bool overflow =
        __builtin_mul_overflow(bits, static_cast<std::uint64_t>(dimension), &bits);
    if (overflow && !empty)
      fail(where, "shape", shape_text(shape), "a product that fits in 64 bits");
  }
  if (empty) return 0;
  if (bits % 8 != 0) fail(where, "shape", shape_text(shape), "a whole number of bytes");
  return bits / 8;
}

PlacedTensor read_tensor(const std::string& name, const json& value,
                         std::span<const std::byte> data, const std::string& file) {
  const std::string where = fmt::format("{}: tensor {}", file, quote(name));
  if (!value.is_object()) fail(where, "header entry", found_text(value), "an object");
  const Dtype& dtype = dtype_of(member(value, "dtype", where), where);
  const std::vector<std::int64_t> shape = integers(member(value, "shape", where), "shape", where);
  const json& place = member(value, "data_offsets", where);
  const std::vector<std::int64_t> offsets = integers(place, "data_offsets", where);
  if (offsets.size() != 2)
    fail(where, "data_offsets", found_text(place), "two numbers [begin, end]");

  const auto begin = static_cast<std::uint64_t>(offsets[0]);
  const auto end = static_cast<std::uint64_t>(offsets[1]);
  if (begin > end) fail(where, "data_offsets", found_text(place), "begin <= end");
  if (end > data.size()) {
    fail(where, "data_offsets", found_text(place),
         fmt::format("an end within the {} bytes of data", data.size()));
  }
  const std::uint64_t expected_bytes = shape_bytes(shape, dtype, where);
  if (end - begin != expected_bytes) {
    fail(where, "data_offsets", fmt::format("{} bytes", end - begin),
         fmt::format("{} bytes for {} {}", expected_bytes, dtype.name, shape_text(shape)));
  }
  const TensorInfo info{name, std::string(dtype.name), shape, data.subspan(begin, end - begin)};
  return {info, begin, end};
}

/// The tensors must cover the data exactly: the format forbids holes, and overlap would let a small
/// file ask for an unbounded amount of memory.
void check_cover(std::span<const PlacedTensor> sorted, std::size_t data_bytes,
                 const std::string& file) {
  std::uint64_t covered = 0;
  std::string_view previous = "the header";
  for (const PlacedTensor& tensor : sorted) {
    if (tensor.begin != covered) {
      const char* kind = tensor.begin < covered ? "an overlap with" : "a hole after";
      fail(fmt::format("{}: tensor {}", file, quote(tensor.info.name)), "data_offsets",
           fmt::format("begin {}, {} {}", tensor.begin, kind, quote(previous)),
           fmt::format("begin {}", covered));
    }
    covered = tensor.end;
    previous = tensor.info.name;
  }
  if (covered != data_bytes) {
    fail(file, fmt::format("data after the last tensor {}", quote(previous)),
         fmt::format("{} bytes", data_bytes - covered), "none");
  }
}

void check_metadata(const json& metadata, const std::string& file) {
  if (!metadata.is_object()) fail(file, kMetadataKey, found_text(metadata), "an object of strings");
  for (const auto& [key, value] : metadata.items()) {
    if (!value.is_string()) {
      fail(file, fmt::format("{}.{}", kMetadataKey, printable(key)), found_text(value), "a string");
    }
  }
}

/// The header's text, once its length has been compared with the file's.
std::string_view header_text(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.size() < kLengthBytes) {
    fail(file, "file size", fmt::format("{} bytes", bytes.size()), "at least 8 (is it truncated?)");
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > bytes.size() - kLengthBytes) {
    fail(file, "header length", fmt::format("{} bytes", length),
         fmt::format("at most the {} bytes that follow (is the file truncated?)",
                     bytes.size() - kLengthBytes));
  }
  if (length > kMaxHeaderBytes) {
    fail(file, "header length", fmt::format("{} bytes", length),
         fmt::format("at most {}", kMaxHeaderBytes));
  }
  return {reinterpret_cast<const char*>(bytes.data() + kLengthBytes),
          static_cast<std::size_t>(length)};
}

/// A clone without Git LFS leaves a few lines of text where the tensors belong.
void refuse_lfs_pointer(std::span<const std::byte> bytes, const std::string& file) {
  constexpr std::string_view kStart = "version https://git-lfs.github.com/spec/";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kStart)) return;
  fail(file, "contents", "a Git LFS pointer",
       "tensors; the file itself was not downloaded: run `git lfs pull` in its folder, or download "
       "the model again");
}

}  // namespace

TensorFile open_safetensors(const std::filesystem::path& path, LoadMode mode) {
  MappedFile mapped = MappedFile::open(path, mode);
  const std::string file = path_text(path);
  refuse_lfs_pointer(mapped.bytes(), file);
  const std::string_view text = header_text(mapped.bytes(), file);
  const json header = parse_json_object(text, file + ": header", 8);
  if (text.front() != '{') fail(file, "header", "space before the object", "'{' as its first byte");
  const std::span<const std::byte> data = mapped.bytes().subspan(kLengthBytes + text.size());

  std::vector<PlacedTensor> placed;
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadataKey) {
      check_metadata(value, file);
    } else {
      placed.push_back(read_tensor(name, value, data, file));
    }
  }
  std::sort(placed.begin(), placed.end(), [](const PlacedTensor& a, const PlacedTensor& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  check_cover(placed, data.size(), file);

  std::vector<TensorInfo> tensors;
  tensors.reserve(placed.size());
  for (PlacedTensor& tensor : placed) tensors.push_back(std::move(tensor.info));
  return TensorFile(std::move(mapped), std::move(tensors));
}

}  // namespace fidelio
