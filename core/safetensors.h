// One .safetensors file: its header, checked in full when opened, and a read-only mapping of its
// data. Which tensors a model needs, and in which shapes, is core/checkpoint.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mapped_file.h"

namespace fidelio {

/// One tensor of a file. Little-endian, row-major, not aligned; tensor values are not checked.
struct TensorInfo {
  std::string name;
  std::string dtype;                ///< as the header spells it: "F32", "BF16", "U32", ...
  std::vector<std::int64_t> shape;  ///< no dimension is negative; [] is a scalar
  std::span<const std::byte>
      bytes;  ///< exactly product(shape) elements of dtype, inside the mapping
};

/// A file whose header obeys the format: every tensor has a known dtype, as many bytes as its shape
/// asks for, and the tensors cover the data without overlap or hole. Move only; spans and pointers
/// stay valid when it is moved. Source: the README and reference implementation of
/// huggingface/safetensors.
class SafetensorsFile {
 public:
  /// Throws UserError naming the file, the tensor, what was found and what was expected.
  static SafetensorsFile open(const std::filesystem::path& path, LoadMode mode = LoadMode::mmap);

  const std::filesystem::path& path() const { return file_.path(); }
  std::size_t file_bytes() const { return file_.bytes().size(); }

  /// The whole file, header included (for checksums).
  std::span<const std::byte> mapping() const { return file_.bytes(); }

  /// In the order of their data.
  std::span<const TensorInfo> tensors() const { return tensors_; }

  /// nullptr when the file has no such tensor.
  const TensorInfo* find(std::string_view name) const;

  /// Starts reading the file into the page cache; returns at once.
  void prefetch() const { file_.prefetch(); }

 private:
  SafetensorsFile(MappedFile file, std::vector<TensorInfo> tensors);

  MappedFile file_;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string_view, const TensorInfo*> by_name_;
};

}  // namespace fidelio
