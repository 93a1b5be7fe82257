// A GGUF file, or all parts of one, as a checkpoint: a config.json's text and tensors under the
// names that model graphs ask for. What the config says is core/config.h's; the tokenizer is
// core/tokenizers/gguf_tokenizer.h's.
#pragma once

#include <filesystem>

#include "core/gguf/gguf_config.h"
#include "core/tensor_files.h"

namespace fidelio {

struct GgufModel {
  GgufConfig config;
  TensorFiles tensors;
};

/// Opens `file` and the other parts of its model. Throws UserError, naming file and key or tensor,
/// for an architecture or a feature that is not supported and for tensor types that no kernel
/// reads.
GgufModel open_gguf_model(const std::filesystem::path& file, LoadMode mode = LoadMode::mmap);

}  // namespace fidelio
