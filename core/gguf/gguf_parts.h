// The files of one GGUF model: a single one, or the parts NAME-00001-of-0000N.gguf that llama.cpp's
// gguf-split writes. What is inside one is core/gguf/gguf_file.h's.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/gguf/gguf_file.h"

namespace fidelio {

/// The file's name without folder, ".gguf" and "-00001-of-00003": what people call the model.
std::string gguf_model_name(const std::filesystem::path& file);

/// All parts of the model that `file` is, or is a part of, in their order; the metadata of the
/// model is in the first. Throws UserError, naming the file, when a part is missing, and when the
/// parts' split.no, split.count and split.tensors.count do not say that they belong together.
std::vector<GgufFile> open_gguf_parts(const std::filesystem::path& file,
                                      LoadMode mode = LoadMode::mmap);

/// The first part of the model that `file` is, or is a part of.
std::filesystem::path first_gguf_part(const std::filesystem::path& file);

/// The one GGUF model in `dir`, by its first part; nullopt when there is none. Throws UserError
/// naming them when there are several.
std::optional<std::filesystem::path> find_gguf_in(const std::filesystem::path& dir);

}  // namespace fidelio
