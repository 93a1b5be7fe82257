// Tensors of a checkpoint as WeightViews. Every view is compared with the shape its caller asks for
// before a kernel sees it; TensorFiles has already compared shapes with bytes.
#include "core/checkpoint.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/check.h"
#include "core/mapped_file.h"
#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"
#include "kernels/contract.h"

namespace fidelio {

namespace {

constexpr const char* kFloatDtypes = "F32, F16 or BF16";

std::size_t to_size(std::int64_t n) { return static_cast<std::size_t>(n); }

/// Reads weights from a checkpoint's files under one config; the free functions' shared arguments.
class WeightReader {
 public:
  WeightReader(const TensorFiles& tensors, const ModelConfig& config)
      : tensors_(tensors), config_(config) {}

  bool has(const std::string& name) const { return tensors_.find(name) != nullptr; }

  const TensorInfo& tensor(const std::string& name, std::span<const std::int64_t> shape) const {
    const TensorInfo* info = tensors_.find(name);
    if (info == nullptr) {
      fail(name, "no such tensor", shape_text(shape) + did_you_mean(name, tensors_.names()));
    }
    if (!std::equal(shape.begin(), shape.end(), info->shape.begin(), info->shape.end())) {
      fail(name, "shape " + shape_text(info->shape), shape_text(shape));
    }
    return *info;
  }

  ScaleType float_type(const TensorInfo& info) const {
    if (info.dtype == "F32") return ScaleType::f32;
    if (info.dtype == "F16") return ScaleType::f16;
    if (info.dtype == "BF16") return ScaleType::bf16;
    fail(info.name, "dtype " + info.dtype, kFloatDtypes);
  }

  /// `path`.weight as `n` stacked matrices [rows, cols] (n = 1 and no leading dimension when
  /// `stacked` is nullopt).
  std::vector<WeightView> matrices(const std::string& path, std::optional<std::int64_t> stacked,
                                   std::int64_t rows, std::int64_t cols) const {
    FIDELIO_CHECK(rows > 0 && cols > 0 && stacked.value_or(1) > 0);
    const auto shape = [&](std::int64_t last) {
      return stacked ? std::vector{*stacked, rows, last} : std::vector{rows, last};
    };
    const WeightView first =
        has(path + ".scales") ? affine(path, shape, rows, cols) : floats(path, shape, rows, cols);
    std::vector<WeightView> views(to_size(stacked.value_or(1)), first);
    for (std::size_t i = 1; i < views.size(); ++i) {
      views[i].data += i * first.rows * first.row_bytes;
      if (first.group_size == 0) continue;
      const std::size_t group_bytes = first.cols / first.group_size * scale_bytes(first.scale_type);
      views[i].scales += i * first.rows * group_bytes;
      views[i].biases += i * first.rows * group_bytes;
    }
    return views;
  }

  [[noreturn]] void fail(const std::string& tensor, std::string_view found,
                         std::string_view expected) const {
    throw UserError(fmt::format("{}: tensor {}: found {}, expected {}",
                                path_text(tensors_.path_of(tensor)), quote(tensor), found,
                                expected));
  }

 private:
  template <typename Shape>
  WeightView floats(const std::string& path, const Shape& shape, std::int64_t rows,
                    std::int64_t cols) const {
    const TensorInfo& info = tensor(path + ".weight", shape(cols));
    const ScaleType type = float_type(info);
    WeightView view;
    view.format = type == ScaleType::f32   ? WeightFormat::f32
                  : type == ScaleType::f16 ? WeightFormat::f16
                                           : WeightFormat::bf16;
    view.rows = to_size(rows);
    view.cols = to_size(cols);
    view.row_bytes = view.cols * scale_bytes(type);
    view.data = info.bytes.data();
    return view;
  }

  template <typename Shape>
  WeightView affine(const std::string& path, const Shape& shape, std::int64_t rows,
                    std::int64_t cols) const {
    const Quantization setting = quantization(path);
    if (cols % setting.group_size != 0) {
      fail(path + ".weight", fmt::format("{} columns in groups of {}", cols, setting.group_size),
           "whole groups (group_size must divide the columns)");
    }
    const TensorInfo& codes = tensor(path + ".weight", shape(cols * setting.bits / 32));
    const TensorInfo& scales = tensor(path + ".scales", shape(cols / setting.group_size));
    const TensorInfo& biases = tensor(path + ".biases", shape(cols / setting.group_size));
    if (codes.dtype != "U32") fail(codes.name, "dtype " + codes.dtype, "U32 (a quantised weight)");
    const ScaleType type = float_type(scales);
    if (biases.dtype != scales.dtype) {
      fail(biases.name, "dtype " + biases.dtype, scales.dtype + ", the dtype of the scales");
    }
    WeightView view;
    view.format = affine_format(static_cast<unsigned>(setting.bits));
    view.scale_type = type;
    view.group_size = static_cast<std::uint32_t>(setting.group_size);
    view.rows = to_size(rows);
    view.cols = to_size(cols);
    view.row_bytes = to_size(cols * setting.bits / 8);
    view.data = codes.bytes.data();
    view.scales = scales.bytes.data();
    view.biases = biases.bytes.data();
    return view;
  }

  Quantization quantization(const std::string& path) const {
    if (!config_.quantization) {
      fail(path + ".scales", "a quantised weight", "a quantization block in config.json");
    }
    const std::optional<Quantization> setting = config_.quantization->for_path(path);
    if (!setting)
      fail(path + ".scales", "a quantised weight", "none, as the quantization block says false");
    return *setting;
  }

  const TensorFiles& tensors_;
  const ModelConfig& config_;
};

/// `source` with its `*` replaced by `expert`; unchanged without one.
std::string expert_path(std::string source, std::int64_t expert) {
  const std::size_t star = source.find('*');
  if (star != std::string::npos) source.replace(star, 1, std::to_string(expert));
  return source;
}

}  // namespace

std::vector<std::string> expert_paths(const std::string& source, std::int64_t n_experts) {
  if (source.find('*') == std::string::npos) return {source};
  std::vector<std::string> paths;
  for (std::int64_t expert = 0; expert < n_experts; ++expert)
    paths.push_back(expert_path(source, expert));
  return paths;
}

Checkpoint Checkpoint::open(const std::filesystem::path& dir, LoadMode mode) {
  Checkpoint checkpoint;
  checkpoint.dir_ = dir;
  const std::filesystem::path config = dir / "config.json";
  checkpoint.config_text_ = read_text_file(config, kMaxConfigBytes);
  checkpoint.config_ = parse_config(checkpoint.config_text_, path_text(config));
  checkpoint.tensors_ = std::make_shared<const TensorFiles>(TensorFiles::open(dir, mode));
  return checkpoint;
}

bool Checkpoint::has(const std::string& path) const {
  return tensors_->find(vector_name(path)) != nullptr;
}

std::string Checkpoint::vector_name(const std::string& path) const {
  const bool bare = tensors_->find(path + ".weight") == nullptr && tensors_->find(path) != nullptr;
  return bare ? path : path + ".weight";
}

WeightView Checkpoint::matrix(const std::string& path, std::int64_t rows,
                              std::int64_t cols) const& {
  return WeightReader(*tensors_, config_).matrices(path, std::nullopt, rows, cols).front();
}

std::vector<float> Checkpoint::vector(const std::string& path, std::int64_t size) const {
  FIDELIO_CHECK(size > 0);
  const WeightReader reader(*tensors_, config_);
  const std::int64_t shape[] = {size};
  const TensorInfo& info = reader.tensor(vector_name(path), shape);
  const ScaleType type = reader.float_type(info);
  std::vector<float> values(to_size(size));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = contract::scale_value(info.bytes.data(), type, i);
  return values;
}

std::vector<WeightView> Checkpoint::experts(std::span<const std::string> sources,
                                            std::int64_t n_experts, std::int64_t rows,
                                            std::int64_t cols) const& {
  FIDELIO_CHECK(n_experts > 0);
  const WeightReader reader(*tensors_, config_);
  for (const std::string& source : sources) {
    if (!reader.has(expert_path(source, 0) + ".weight")) continue;
    if (source.find('*') == std::string::npos)
      return reader.matrices(source, n_experts, rows, cols);
    if (reader.has(expert_path(source, n_experts) + ".weight")) {
      reader.fail(expert_path(source, n_experts) + ".weight", "an expert beyond the last",
                  fmt::format("{} experts", n_experts));
    }
    std::vector<WeightView> views;
    for (const std::string& path : expert_paths(source, n_experts))
      views.push_back(matrix(path, rows, cols));
    return views;
  }
  std::string tried;
  for (const std::string& source : sources)
    tried += (tried.empty() ? "" : ", ") + quote(source + ".weight");
  throw UserError(fmt::format("{}: experts: found none of the tensors {}, expected {} matrices {}",
                              path_text(tensors_->path_of("")), tried, n_experts,
                              shape_text(std::vector{rows, cols})));
}

}  // namespace fidelio
