// Which of a parameter's sources a checkpoint has, and the parameter read from it.
#include "core/checkpoint.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/check.h"
#include "core/gguf/gguf_file.h"
#include "core/gguf/gguf_model.h"
#include "core/mapped_file.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

using Dims = std::vector<std::int64_t>;

TensorSource parsed(const std::string& source) {
  const std::optional<TensorSource> parts = parse_tensor_source(source);
  FIDELIO_CHECK(parts.has_value());
  return *parts;
}

/// The tensor that a source without an alternative must have.
std::string wanted_name(const TensorSource& source) {
  return source.transposed ? source.path : source.path + ".weight";
}

/// The first source that exists. With only one it is taken in any case, so that reading it says
/// what is missing.
TensorSource first_existing(const WeightReader& reader, const TensorFiles& tensors,
                            std::span<const std::string> sources, const std::string& expected) {
  FIDELIO_CHECK(!sources.empty());
  std::string tried;
  for (const std::string& text : sources) {
    TensorSource source = parsed(text);
    const bool last_hope = sources.size() == 1 && !source.per_expert();
    if (last_hope || reader.find(source.of_expert(0))) return source;
    tried += (tried.empty() ? "" : ", ") + tensors.label(wanted_name(source));
  }
  throw UserError(fmt::format("{}: found none of the tensors {}, expected {}",
                              path_text(tensors.path_of("")), tried, expected));
}

/// A source with `*` for each of exactly `n_experts`.
std::vector<TensorSource> each_expert(const WeightReader& reader, const TensorSource& source,
                                      std::int64_t n_experts) {
  if (const auto beyond = reader.find(source.of_expert(n_experts))) {
    reader.fail(*beyond, "an expert beyond the last", fmt::format("{} experts", n_experts));
  }
  std::vector<TensorSource> sources;
  for (std::int64_t expert = 0; expert < n_experts; ++expert)
    sources.push_back(source.of_expert(expert));
  return sources;
}

/// Appends the selected elements of every row [rows.parts * size] of `all`.
void append_selected(const std::vector<float>& all, const RowSelector& rows, std::int64_t size,
                     std::vector<float>& out) {
  const auto row = static_cast<std::size_t>(rows.parts * size);
  const auto first = static_cast<std::size_t>(rows.first(size));
  const auto step = static_cast<std::size_t>(rows.step());
  for (std::size_t begin = 0; begin < all.size(); begin += row) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i)
      out.push_back(all[begin + first + i * step]);
  }
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& path, LoadMode mode) {
  Checkpoint checkpoint;
  checkpoint.path_ = path;
  checkpoint.transposed_tensors_ = std::make_shared<TransposedTensors>();
  if (is_gguf_file(path)) {
    GgufModel model = open_gguf_model(path, mode);
    checkpoint.config_text_ = std::move(model.config.text);
    checkpoint.config_ =
        parse_config(checkpoint.config_text_, path_text(path), model.config.sources);
    checkpoint.tensors_ = std::make_shared<const TensorFiles>(std::move(model.tensors));
    return checkpoint;
  }
  const std::filesystem::path config = path / "config.json";
  checkpoint.config_text_ = read_text_file(config, kMaxConfigBytes);
  checkpoint.config_ = parse_config(checkpoint.config_text_, path_text(config));
  checkpoint.tensors_ = std::make_shared<const TensorFiles>(TensorFiles::open(path, mode));
  return checkpoint;
}

bool Checkpoint::has(const std::string& path) const {
  return tensors_->find(path + ".weight") != nullptr || tensors_->find(path) != nullptr;
}

WeightReader Checkpoint::reader(TensorNames* read) const {
  return {*tensors_, config_, *transposed_tensors_, read};
}

WeightView Checkpoint::matrix(const std::string& source, std::int64_t rows,
                              std::int64_t cols) const& {
  return matrix(std::span(&source, 1), rows, cols);
}

WeightView Checkpoint::matrix(std::span<const std::string> sources, std::int64_t rows,
                              std::int64_t cols, TensorNames* read) const& {
  const WeightReader weights = reader(read);
  const TensorSource source =
      first_existing(weights, *tensors_, sources, "a matrix " + shape_text(Dims{rows, cols}));
  return weights.matrices(source, std::nullopt, rows, cols).front();
}

std::vector<float> Checkpoint::vector(const std::string& source, std::int64_t size) const {
  return vector(std::span(&source, 1), size);
}

std::vector<float> Checkpoint::vector(std::span<const std::string> sources, std::int64_t size,
                                      TensorNames* read) const {
  FIDELIO_CHECK(size > 0);
  const WeightReader weights = reader(read);
  const TensorSource source =
      first_existing(weights, *tensors_, sources, "a vector " + shape_text(Dims{size}));
  const std::string name = weights.find(source).value_or(wanted_name(source));
  std::vector<float> values;
  append_selected(weights.floats(name, Dims{source.rows.parts * size}), source.rows, size, values);
  return values;
}

std::vector<WeightView> Checkpoint::experts(std::span<const std::string> sources,
                                            std::int64_t n_experts, std::int64_t rows,
                                            std::int64_t cols, TensorNames* read) const& {
  FIDELIO_CHECK(n_experts > 0);
  const WeightReader weights = reader(read);
  const TensorSource source =
      first_existing(weights, *tensors_, sources,
                     fmt::format("{} matrices {}", n_experts, shape_text(Dims{rows, cols})));
  if (!source.per_expert()) return weights.matrices(source, n_experts, rows, cols);
  std::vector<WeightView> views;
  for (const TensorSource& expert : each_expert(weights, source, n_experts))
    views.push_back(weights.matrices(expert, std::nullopt, rows, cols).front());
  return views;
}

std::vector<float> Checkpoint::expert_vectors(std::span<const std::string> sources,
                                              std::int64_t n_experts, std::int64_t size,
                                              TensorNames* read) const {
  FIDELIO_CHECK(n_experts > 0 && size > 0);
  const WeightReader weights = reader(read);
  const TensorSource source = first_existing(
      weights, *tensors_, sources, fmt::format("{} vectors {}", n_experts, shape_text(Dims{size})));
  const std::int64_t stored = source.rows.parts * size;
  std::vector<float> values;
  if (!source.per_expert()) {
    const std::string name = weights.find(source).value_or(wanted_name(source));
    append_selected(weights.floats(name, Dims{n_experts, stored}), source.rows, size, values);
    return values;
  }
  for (const TensorSource& expert : each_expert(weights, source, n_experts)) {
    const std::string name = weights.find(expert).value_or(wanted_name(expert));
    append_selected(weights.floats(name, Dims{stored}), source.rows, size, values);
  }
  return values;
}

std::vector<float> Checkpoint::taps(std::span<const std::string> sources, std::int64_t channels,
                                    std::int64_t taps, TensorNames* read) const {
  FIDELIO_CHECK(channels > 0 && taps > 0);
  const WeightReader weights = reader(read);
  // A dimension of 1 moves no element, so the three lie in the same order.
  const Dims shapes[] = {{channels, 1, taps}, {channels, taps, 1}, {channels, taps}};
  const TensorSource source =
      first_existing(weights, *tensors_, sources, "kernels " + shape_text(Dims{channels, taps}));
  FIDELIO_CHECK(source.rows.parts == 1);
  return weights.floats(weights.find(source).value_or(wanted_name(source)), shapes);
}

}  // namespace fidelio
