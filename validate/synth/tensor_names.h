// What a part of a model is called in Hugging Face, MLX and GGUF files, family by family.
#pragma once

#include <string>

#include "validate/synth/model_tensors.h"

namespace fidelio::synth {

enum class Format : std::uint8_t { hf, mlx, gguf };

/// The whole name. In Hugging Face names of experts that are stored one by one, `*` stands for the
/// expert's number.
std::string tensor_name(const std::string& model_type, Format format, const ModelTensor& tensor);

}  // namespace fidelio::synth
