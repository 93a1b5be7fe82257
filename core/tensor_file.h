// One file of tensors, opened and checked: its mapping and what lies where in it. The readers that
// make one of a file are core/safetensors.h and core/gguf/; which files make a checkpoint is
// core/tensor_files.h.
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
  std::string name;                 ///< as a Hugging Face checkpoint calls it
  std::string dtype;                ///< "F32", "BF16", "U32", ... or GGUF's "Q8_0", "Q4_K", ...
  std::vector<std::int64_t> shape;  ///< in elements; no dimension is negative; [] is a scalar
  std::span<const std::byte>
      bytes;  ///< exactly product(shape) elements of dtype, inside the mapping
  /// What the file calls it where that is another name (GGUF: "blk.0.attn_q.weight"); else empty.
  std::string stored_name = {};
};

/// Move only; spans and pointers stay valid when it is moved.
class TensorFile {
 public:
  /// The bytes of every tensor lie in `file`; names are distinct (a reader has checked both).
  TensorFile(MappedFile file, std::vector<TensorInfo> tensors);

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
  MappedFile file_;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string_view, const TensorInfo*> by_name_;
};

}  // namespace fidelio
