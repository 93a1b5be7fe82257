// The tensor files of a checkpoint: one file, the shards that an index names, or all model*
// files of a folder; found and checked against each other when opened. What is inside one file is
// core/safetensors.h (or core/gguf/); which tensors a model needs is core/checkpoint.h.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tensor_file.h"

namespace fidelio {

/// Every tensor of a checkpoint by name; a name is in exactly one file. Move only; spans and
/// pointers stay valid when it is moved.
class TensorFiles {
 public:
  /// Opens the tensor files of `dir`. With model.safetensors.index.json exactly the files that its
  /// weight_map names; others are ignored. Without it every model*.safetensors. Throws UserError
  /// naming file, tensor, found and expected when a file is missing or named outside `dir`, when a
  /// tensor is in two files, or when the index and the files do not list the same tensors: such a
  /// folder mixes two downloads, and nobody can say which of them the model is.
  static TensorFiles open(const std::filesystem::path& dir, LoadMode mode = LoadMode::mmap);

  /// What the files call the tensor that a checkpoint calls `name`; nullopt for a name of which
  /// that is not known.
  using StoredName = std::function<std::optional<std::string>(std::string_view name)>;

  /// The same of files that another reader has opened, for messages from `origin`. Throws UserError
  /// where two tensors come to one name.
  static TensorFiles of(std::filesystem::path origin, LoadMode mode, std::vector<TensorFile> files,
                        StoredName stored_name);

  /// Sorted by the bytes of their names.
  std::span<const TensorFile> files() const { return files_; }
  LoadMode mode() const { return mode_; }

  /// nullptr when no file has such a tensor.
  const TensorInfo* find(std::string_view name) const;

  /// The file that has the tensor; where none has it, what lists the tensors: the index, the only
  /// file, or model*.safetensors. For messages.
  std::filesystem::path path_of(std::string_view name) const;

  /// The tensor for a message, whether there is one or not: its name in quotes, after the one in
  /// the files where they call it otherwise.
  std::string label(std::string_view name) const;

  /// Every tensor's name, file by file.
  std::vector<std::string> names() const;

  std::size_t total_bytes() const;  ///< of all files, headers included

  /// Starts reading all files into the page cache; returns at once.
  void prefetch() const;

 private:
  struct Place {
    std::size_t file = 0;
    const TensorInfo* tensor = nullptr;
  };
  /// Fills by_name_; throws where a tensor is in two files.
  void list_tensors();

  std::filesystem::path origin_;
  LoadMode mode_ = LoadMode::mmap;
  StoredName stored_name_;  ///< empty: files call tensors by their names
  std::vector<TensorFile> files_;
  std::unordered_map<std::string_view, Place> by_name_;
};

/// The names of tensor files that `dir` should hold and does not: those of the index, the parts
/// that the names of other parts count, or model.safetensors where there is none at all. Empty for
/// a complete folder. Throws UserError for an index that cannot be read.
std::vector<std::string> missing_tensor_files(const std::filesystem::path& dir);

}  // namespace fidelio
