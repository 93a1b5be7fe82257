// A random model in the form in which it is stored: its config, and every tensor with the name,
// dtype, shape and content that the format gives it. How it is cut into files is
// planned_files.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "validate/synth/model_tensors.h"
#include "validate/synth/tensor_content.h"
#include "validate/synth/tensor_names.h"

namespace fidelio::synth {

struct StoredTensor {
  std::string name;
  std::string dtype;  ///< in the words of the format: "BF16", "U32", "Q4_0", ...
  std::vector<std::int64_t> shape;
  std::uint64_t bytes = 0;
  Content content;
  std::string stream;  ///< what its random words are drawn by, beside the seed
};

struct StoredModel {
  nlohmann::json config;
  std::vector<StoredTensor> tensors;

  std::uint64_t bytes() const;  ///< of all tensors
};

/// What the command line says of the form. Absent: what is usual for the format and the family.
struct FormSettings {
  Format format = Format::mlx;
  std::optional<int> bits;
  std::optional<int> group_size;
  std::optional<std::string> mode;  ///< "affine" or "mxfp4", of MLX
};

/// `config` as a published config.json has it. Throws UserError where the format knows no such
/// bits, group size or mode, or the model's shapes do not fit them.
StoredModel stored_model(const nlohmann::json& config, const FormSettings& settings);

/// A tensor of floats under its own name.
StoredTensor float_tensor(const std::string& name, std::vector<std::int64_t> shape, Spread spread,
                          Encoding encoding = Encoding::bf16);

std::int64_t element_count(const std::vector<std::int64_t>& shape);

// One file each; called by stored_model.
StoredModel hf_model(const nlohmann::json& config, const FormSettings& settings);
StoredModel mlx_model(const nlohmann::json& config, const FormSettings& settings);
StoredModel gguf_model(const nlohmann::json& config, const FormSettings& settings);

}  // namespace fidelio::synth
