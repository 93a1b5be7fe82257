// The `quantization` block of a config.json. The rest of the file is core/config.h.
#pragma once

#include <optional>

#include "core/config.h"
#include "core/config_reader.h"

namespace fidelio {

/// Reads `quantization`, or `quantization_config` where the former is absent (MLX writes the same
/// block under both names); nullopt without either. Throws UserError for modes other than affine
/// and mxfp4, for bits and group sizes that no kernel reads, and for the blocks of other tools
/// (fp8, gptq, ...) but transformers' mxfp4.
std::optional<QuantizationConfig> read_quantization(const ConfigReader& config);

}  // namespace fidelio
