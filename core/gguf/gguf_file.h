// One GGUF file: header, metadata and tensor table, checked in full when opened, and a read-only
// mapping of its data. What a model makes of them is core/gguf/gguf_model.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/gguf/gguf_metadata.h"
#include "core/gguf/gguf_types.h"
#include "core/mapped_file.h"

namespace fidelio {

/// A tensor as the file has it.
struct GgufTensor {
  std::string_view name;
  const GgufTensorType* type = nullptr;
  std::vector<std::int64_t> shape;   ///< row-major: the file's dimensions reversed
  std::span<const std::byte> bytes;  ///< exactly the blocks of product(shape) elements
};

/// Move only; views of names, metadata and data stay valid when it is moved. Every tensor lies
/// inside the file, aligned as the file says, without overlap, and has a name of its own. Source:
/// the GGUF specification in ggml's docs/gguf.md; versions 2 and 3, little-endian.
class GgufFile {
 public:
  /// Throws UserError naming file, key or tensor, found and expected. Needs no more memory than a
  /// small multiple of the file's size, whatever its counts say.
  static GgufFile open(const std::filesystem::path& path, LoadMode mode = LoadMode::mmap);

  const std::filesystem::path& path() const { return mapped_.path(); }
  const GgufMetadata& metadata() const { return metadata_; }
  /// In the order of their data.
  std::span<const GgufTensor> tensors() const { return tensors_; }
  /// The bytes before the tensor table: what the metadata is read from.
  std::span<const std::byte> metadata_bytes() const { return metadata_bytes_; }
  /// Gives the mapping away; this object's views stay valid as long as it lives.
  MappedFile release() && { return std::move(mapped_); }

 private:
  GgufFile(MappedFile mapped, GgufMetadata metadata, std::vector<GgufTensor> tensors,
           std::span<const std::byte> metadata_bytes)
      : mapped_(std::move(mapped)),
        metadata_(std::move(metadata)),
        tensors_(std::move(tensors)),
        metadata_bytes_(metadata_bytes) {}

  MappedFile mapped_;
  GgufMetadata metadata_;
  std::vector<GgufTensor> tensors_;
  std::span<const std::byte> metadata_bytes_;
};

/// Whether `path` is a file that is meant as one: it ends in ".gguf" or begins as one.
bool is_gguf_file(const std::filesystem::path& path);

}  // namespace fidelio
