// A model opened for reading, a directory or a GGUF file: config, memory-mapped tensors, and which
// of them a parameter is read from. Both arms share one Checkpoint. What a tensor must look like is
// core/weight_reader.h; tokenizers are core/tokenizer.h; graphs are core/families/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/tensor_files.h"
#include "core/transposed_tensors.h"
#include "core/weight_reader.h"
#include "kernels/weights.h"

namespace fidelio {

/// The one owner of a model's weights: its files' mappings, and the copies of transposed tensors
/// that were asked for (core/transposed_tensors.h says what they cost). Views borrow from it: they
/// are valid while a copy of it lives.
class Checkpoint {
 public:
  /// Opens `path`/config.json and the tensor files of a directory (core/tensor_files.h), or the
  /// parts of a GGUF file (core/gguf/gguf_model.h). Throws UserError for anything that is not a
  /// model we read.
  static Checkpoint open(const std::filesystem::path& path, LoadMode mode = LoadMode::mmap);

  const std::filesystem::path& path() const { return path_; }
  const ModelConfig& config() const { return config_; }
  /// config.json, or what the metadata of a GGUF file says in its words.
  const std::string& config_text() const { return config_text_; }
  const TensorFiles& tensors() const { return *tensors_; }

  /// True when `path`.weight exists, or the tensor `path` itself.
  bool has(const std::string& path) const;

  // Parameters. `sources` are tried in order, and the first that exists is read;
  // core/tensor_source.h has their spelling. A source's numbers are the tensor `path`.weight,
  // quantised where `path`.scales exists; or `path`_blocks with `path`_scales (GPT-OSS); or the
  // tensor `path` itself. Where a tensor may lie either way, a `.T` source must stand before the
  // plain one: a square matrix does not tell. All throw UserError with file, tensor, found and
  // expected; `read`, where it is given, gets the names of the tensors that were read.

  /// A matrix [rows, cols].
  WeightView matrix(std::span<const std::string> sources, std::int64_t rows, std::int64_t cols,
                    TensorNames* read = nullptr) const&;
  WeightView matrix(const std::string& source, std::int64_t rows, std::int64_t cols) const&;
  WeightView matrix(const std::string& source, std::int64_t rows,
                    std::int64_t cols) const&& = delete;

  /// A vector of `size` elements widened to float32 (norm weights, biases).
  std::vector<float> vector(std::span<const std::string> sources, std::int64_t size,
                            TensorNames* read = nullptr) const;
  std::vector<float> vector(const std::string& source, std::int64_t size) const;

  /// The experts' matrices, each [rows, cols]. A path with `*` stands for one tensor an expert
  /// ("model.layers.0.mlp.experts.*.gate_proj"), a path without for one stacked tensor [experts,
  /// rows, cols]. The source must hold exactly `n_experts`.
  std::vector<WeightView> experts(std::span<const std::string> sources, std::int64_t n_experts,
                                  std::int64_t rows, std::int64_t cols,
                                  TensorNames* read = nullptr) const&;
  std::vector<WeightView> experts(std::span<const std::string> sources, std::int64_t n_experts,
                                  std::int64_t rows, std::int64_t cols,
                                  TensorNames* read = nullptr) const&& = delete;

  /// A vector [size] for each expert (biases), one after the other, widened to float32; stacked or
  /// one tensor an expert, as experts(). Selectors choose among the elements.
  std::vector<float> expert_vectors(std::span<const std::string> sources, std::int64_t n_experts,
                                    std::int64_t size, TensorNames* read = nullptr) const;

  /// A depthwise convolution's kernels [channels, taps], widened to float32; stored as [channels,
  /// 1, taps] (transformers), [channels, taps, 1] (MLX) or [channels, taps] (GGUF).
  std::vector<float> taps(std::span<const std::string> sources, std::int64_t channels,
                          std::int64_t taps, TensorNames* read = nullptr) const;

 private:
  WeightReader reader(TensorNames* read) const;

  std::filesystem::path path_;
  ModelConfig config_;
  std::string config_text_;
  std::shared_ptr<const TensorFiles> tensors_;
  std::shared_ptr<TransposedTensors> transposed_tensors_;
};

}  // namespace fidelio
