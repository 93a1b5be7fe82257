// One source of a parameter as WeightViews or floats: every dtype, shape and byte count is compared
// with what the caller asks for before a kernel sees it. Which of several sources is read, and who
// owns the files, is core/checkpoint.h.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/tensor_files.h"
#include "core/tensor_source.h"
#include "core/transposed_tensors.h"
#include "kernels/weights.h"

namespace fidelio {

/// Names of tensors that a parameter was read from.
using TensorNames = std::set<std::string>;

/// Borrows all it is given. Every refusal is a UserError with file, tensor, found and expected.
class WeightReader {
 public:
  /// `read`, where it is not null, gets the name of every tensor that is looked into.
  WeightReader(const TensorFiles& tensors, const ModelConfig& config,
               TransposedTensors& transposed_tensors, TensorNames* read)
      : tensors_(tensors), config_(config), transposed_tensors_(transposed_tensors), read_(read) {}

  bool has(const std::string& name) const { return tensors_.find(name) != nullptr; }

  /// The tensor of `source`'s numbers: path.weight, else path_blocks (GPT-OSS), else path itself; a
  /// transposed one has only the last. nullopt where none exists.
  std::optional<std::string> find(const TensorSource& source) const;

  /// `source` (without `*`) as `stacked` matrices [rows, cols], or as one where that is nullopt
  /// (the tensor then has no leading dimension).
  std::vector<WeightView> matrices(const TensorSource& source, std::optional<std::int64_t> stacked,
                                   std::int64_t rows, std::int64_t cols) const;

  /// The tensor `name` of `shape`, or of one of `shapes`, widened to float32.
  std::vector<float> floats(const std::string& name, std::vector<std::int64_t> shape) const;
  std::vector<float> floats(const std::string& name,
                            std::span<const std::vector<std::int64_t>> shapes) const;

  [[noreturn]] void fail(const std::string& tensor, std::string_view found,
                         std::string_view expected) const;

 private:
  struct Extent;

  const TensorInfo& tensor(const std::string& name, std::vector<std::int64_t> shape) const;
  const TensorInfo& tensor(const std::string& name,
                           std::span<const std::vector<std::int64_t>> shapes) const;
  ScaleType float_type(const TensorInfo& info) const;
  void require_dtype(const TensorInfo& info, std::string_view dtype, std::string_view what) const;
  Quantization quantization(const std::string& path) const;

  WeightView float_matrix(const std::string& name, const Extent& extent) const;
  WeightView transposed_matrix(const std::string& name, const Extent& extent) const;
  WeightView affine_matrix(const std::string& path, const Quantization& setting,
                           const Extent& extent) const;
  WeightView mlx_mxfp4_matrix(const std::string& path, const Extent& extent) const;
  WeightView hf_mxfp4_matrix(const std::string& path, const Extent& extent) const;
  WeightView mxfp4_matrix(const TensorInfo& codes, const TensorInfo& scales,
                          const Extent& extent) const;
  WeightView block_matrix(const TensorInfo& info, WeightFormat format, const Extent& extent) const;
  void refuse_scales_that_are_no_numbers(const std::string& tensor,
                                         std::span<const WeightView> views) const;

  const TensorFiles& tensors_;
  const ModelConfig& config_;
  TransposedTensors& transposed_tensors_;
  TensorNames* read_;
};

}  // namespace fidelio
