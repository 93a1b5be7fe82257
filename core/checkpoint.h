// A model directory opened for reading: config, memory-mapped tensors, checks of every name, shape
// and dtype before use. Both arms share one Checkpoint. Tokenizers are core/tokenizer.h; graphs are
// core/families/.
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
#include "kernels/weights.h"

namespace fidelio {

/// The one owner of a model's weights. Views borrow from it: they are valid while a copy of it
/// lives.
class Checkpoint {
 public:
  /// Opens `dir`/config.json and the tensor files of `dir` (core/tensor_files.h). Throws UserError
  /// for anything that is not a model we read.
  static Checkpoint open(const std::filesystem::path& dir, LoadMode mode = LoadMode::mmap);

  const std::filesystem::path& dir() const { return dir_; }
  const ModelConfig& config() const { return config_; }
  const std::string& config_text() const { return config_text_; }
  const TensorFiles& tensors() const { return *tensors_; }

  /// True when `path`.weight exists, or the tensor `path` itself.
  bool has(const std::string& path) const;

  /// The tensor that vector(path) reads: `path`.weight, or where that does not exist but `path`
  /// itself does (as "model.layers.0.self_attn.q_proj.bias"), `path`.
  std::string vector_name(const std::string& path) const;

  /// The matrix `path`.weight with shape [rows, cols], quantised when `path`.scales exists. Throws
  /// UserError with file, tensor, found and expected.
  WeightView matrix(const std::string& path, std::int64_t rows, std::int64_t cols) const&;
  WeightView matrix(const std::string& path, std::int64_t rows, std::int64_t cols) const&& = delete;

  /// The vector vector_name(path) of `size` elements widened to float32 (norm weights, biases).
  /// Throws UserError as matrix() does.
  std::vector<float> vector(const std::string& path, std::int64_t size) const;

  /// The experts' matrices, each [rows, cols]. `sources` are tried in order: a path with `*` stands
  /// for one tensor an expert ("model.layers.0.mlp.experts.*.gate_proj"), a path without for one
  /// stacked tensor [experts, rows, cols]. The first source that exists must hold exactly
  /// `n_experts`; quantised as matrix() says. Throws UserError with file, tensor, found and
  /// expected.
  std::vector<WeightView> experts(std::span<const std::string> sources, std::int64_t n_experts,
                                  std::int64_t rows, std::int64_t cols) const&;
  std::vector<WeightView> experts(std::span<const std::string> sources, std::int64_t n_experts,
                                  std::int64_t rows, std::int64_t cols) const&& = delete;

 private:
  std::filesystem::path dir_;
  ModelConfig config_;
  std::string config_text_;
  std::shared_ptr<const TensorFiles> tensors_;
};

/// `source` (see Checkpoint::experts) as a path for each expert; one path when it has no `*`.
std::vector<std::string> expert_paths(const std::string& source, std::int64_t n_experts);

}  // namespace fidelio
