// Reading a .safetensors file: its header, checked in full when opened. Which tensors a model
// needs, and in which shapes, is core/checkpoint.h.
#pragma once

#include <filesystem>

#include "core/tensor_file.h"

namespace fidelio {

/// A file whose header obeys the format: every tensor has a known dtype, as many bytes as its shape
/// asks for, and the tensors cover the data without overlap or hole. Throws UserError naming the
/// file, the tensor, what was found and what was expected. Source: the README and reference
/// implementation of huggingface/safetensors.
TensorFile open_safetensors(const std::filesystem::path& path, LoadMode mode = LoadMode::mmap);

}  // namespace fidelio
