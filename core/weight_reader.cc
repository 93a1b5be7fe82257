#include "core/weight_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"
#include "kernels/weight_value.h"

namespace fidelio {

namespace {

constexpr std::int64_t kMxfp4Group = 32;

using Dims = std::vector<std::int64_t>;

std::size_t to_size(std::int64_t n) { return static_cast<std::size_t>(n); }

WeightFormat float_format(ScaleType type) {
  return type == ScaleType::f32   ? WeightFormat::f32
         : type == ScaleType::f16 ? WeightFormat::f16
                                  : WeightFormat::bf16;
}

/// The format of a GGUF tensor by its dtype; nullopt for all others.
std::optional<WeightFormat> block_format(std::string_view dtype) {
  if (dtype == "Q8_0") return WeightFormat::q8_0;
  if (dtype == "Q4_0") return WeightFormat::q4_0;
  if (dtype == "Q4_1") return WeightFormat::q4_1;
  if (dtype == "Q6_K") return WeightFormat::q6_k;
  if (dtype == "MXFP4") return WeightFormat::mxfp4_blocks;
  return std::nullopt;
}

}  // namespace

/// A whole tensor of matrices, whichever of its rows are wanted.
struct WeightReader::Extent {
  std::optional<std::int64_t> stacked;
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  /// [rows, last ...], under the stack's dimension where there is one.
  Dims shape(const Dims& last) const {
    Dims dims = stacked ? Dims{*stacked, rows} : Dims{rows};
    dims.insert(dims.end(), last.begin(), last.end());
    return dims;
  }
  std::size_t matrices() const { return to_size(stacked.value_or(1)); }
  /// All matrices as one view.
  WeightView view(WeightFormat format, const std::byte* data) const {
    WeightView w;
    w.format = format;
    w.rows = matrices() * to_size(rows);
    w.cols = to_size(cols);
    w.data = data;
    return w;
  }
};

std::optional<std::string> WeightReader::find(const TensorSource& source) const {
  if (!source.transposed) {
    for (const char* suffix : {".weight", "_blocks"})
      if (has(source.path + suffix)) return source.path + suffix;
  }
  return has(source.path) ? std::optional(source.path) : std::nullopt;
}

std::vector<WeightView> WeightReader::matrices(const TensorSource& source,
                                               std::optional<std::int64_t> stacked,
                                               std::int64_t rows, std::int64_t cols) const {
  FIDELIO_CHECK(rows > 0 && cols > 0 && stacked.value_or(1) > 0);
  const Extent extent{stacked, rows * source.rows.parts, cols};
  const std::string name = find(source).value_or(source.path + ".weight");
  const TensorInfo* info = tensors_.find(name);
  WeightView all;
  if (source.transposed) {
    all = transposed_matrix(name, extent);
  } else if (name == source.path + "_blocks") {
    all = hf_mxfp4_matrix(source.path, extent);
  } else if (has(source.path + ".scales")) {
    const Quantization setting = quantization(source.path);
    all = setting.mode == Quantization::Mode::mxfp4 ? mlx_mxfp4_matrix(source.path, extent)
                                                    : affine_matrix(source.path, setting, extent);
  } else if (const auto format = block_format(info == nullptr ? "" : info->dtype)) {
    all = block_matrix(*info, *format, extent);
  } else {
    all = float_matrix(name, extent);
  }
  std::vector<WeightView> views;
  for (std::size_t i = 0; i < extent.matrices(); ++i) {
    const std::size_t first = i * to_size(extent.rows) + to_size(source.rows.first(rows));
    views.push_back(strided_rows(all, first, to_size(source.rows.step()), to_size(rows)));
  }
  if (all.scale_type == ScaleType::e8m0) {
    const bool hf = name == source.path + "_blocks";
    refuse_scales_that_are_no_numbers(source.path + (hf ? "_scales" : ".scales"), views);
  }
  return views;
}

std::vector<float> WeightReader::floats(const std::string& name, Dims shape) const {
  return floats(name, std::span<const Dims>(&shape, 1));
}

std::vector<float> WeightReader::floats(const std::string& name,
                                        std::span<const Dims> shapes) const {
  const TensorInfo& info = tensor(name, shapes);
  const ScaleType type = float_type(info);
  std::vector<float> values(info.bytes.size() / scale_bytes(type));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = contract::scale_value(info.bytes.data(), type, i);
  return values;
}

void WeightReader::fail(const std::string& tensor, std::string_view found,
                        std::string_view expected) const {
  throw UserError(fmt::format("{}: tensor {}: found {}, expected {}",
                              path_text(tensors_.path_of(tensor)), tensors_.label(tensor), found,
                              expected));
}

const TensorInfo& WeightReader::tensor(const std::string& name, Dims shape) const {
  return tensor(name, std::span<const Dims>(&shape, 1));
}

const TensorInfo& WeightReader::tensor(const std::string& name,
                                       std::span<const Dims> shapes) const {
  std::string expected;
  for (const Dims& shape : shapes) expected += (expected.empty() ? "" : " or ") + shape_text(shape);
  const TensorInfo* info = tensors_.find(name);
  if (info == nullptr)
    fail(name, "no such tensor", expected + did_you_mean(name, tensors_.names()));
  if (std::find(shapes.begin(), shapes.end(), info->shape) == shapes.end())
    fail(name, "shape " + shape_text(info->shape), expected);
  if (read_ != nullptr) read_->insert(name);
  return *info;
}

ScaleType WeightReader::float_type(const TensorInfo& info) const {
  if (info.dtype == "F32") return ScaleType::f32;
  if (info.dtype == "F16") return ScaleType::f16;
  if (info.dtype == "BF16") return ScaleType::bf16;
  fail(info.name, "dtype " + info.dtype, "F32, F16 or BF16");
}

void WeightReader::require_dtype(const TensorInfo& info, std::string_view dtype,
                                 std::string_view what) const {
  if (info.dtype != dtype)
    fail(info.name, "dtype " + info.dtype, fmt::format("{} ({})", dtype, what));
}

Quantization WeightReader::quantization(const std::string& path) const {
  if (!config_.quantization)
    fail(path + ".scales", "a quantised weight", "a quantization block in config.json");
  const std::optional<Quantization> setting = config_.quantization->for_path(path);
  if (!setting)
    fail(path + ".scales", "a quantised weight", "none, as the quantization block says false");
  return *setting;
}

WeightView WeightReader::float_matrix(const std::string& name, const Extent& extent) const {
  const TensorInfo& info = tensor(name, extent.shape({extent.cols}));
  WeightView w = extent.view(float_format(float_type(info)), info.bytes.data());
  set_adjacent_rows(w);
  return w;
}

WeightView WeightReader::transposed_matrix(const std::string& name, const Extent& extent) const {
  const TensorInfo& info =
      tensor(name, extent.stacked ? Dims{*extent.stacked, extent.cols, extent.rows}
                                  : Dims{extent.cols, extent.rows});
  const ScaleType type = float_type(info);
  const std::span<const std::byte> copy = transposed_tensors_.get(
      info, extent.matrices(), to_size(extent.cols), to_size(extent.rows), scale_bytes(type));
  WeightView w = extent.view(float_format(type), copy.data());
  set_adjacent_rows(w);
  return w;
}

WeightView WeightReader::affine_matrix(const std::string& path, const Quantization& setting,
                                       const Extent& extent) const {
  if (extent.cols % setting.group_size != 0) {
    fail(path + ".weight",
         fmt::format("{} columns in groups of {}", extent.cols, setting.group_size),
         "whole groups (group_size must divide the columns)");
  }
  const TensorInfo& codes =
      tensor(path + ".weight", extent.shape({extent.cols * setting.bits / 32}));
  const TensorInfo& scales =
      tensor(path + ".scales", extent.shape({extent.cols / setting.group_size}));
  const TensorInfo& biases =
      tensor(path + ".biases", extent.shape({extent.cols / setting.group_size}));
  require_dtype(codes, "U32", "a quantised weight");
  const ScaleType type = float_type(scales);
  if (biases.dtype != scales.dtype)
    fail(biases.name, "dtype " + biases.dtype, scales.dtype + ", the dtype of the scales");
  WeightView w =
      extent.view(affine_format(static_cast<unsigned>(setting.bits)), codes.bytes.data());
  w.scale_type = type;
  w.group_size = static_cast<std::uint32_t>(setting.group_size);
  w.scales = scales.bytes.data();
  w.biases = biases.bytes.data();
  set_adjacent_rows(w);
  return w;
}

WeightView WeightReader::mlx_mxfp4_matrix(const std::string& path, const Extent& extent) const {
  if (extent.cols % kMxfp4Group != 0)
    fail(path + ".weight", fmt::format("{} columns in groups of 32", extent.cols), "whole groups");
  const TensorInfo& codes = tensor(path + ".weight", extent.shape({extent.cols / 8}));
  require_dtype(codes, "U32", "a quantised weight");
  return mxfp4_matrix(codes, tensor(path + ".scales", extent.shape({extent.cols / kMxfp4Group})),
                      extent);
}

WeightView WeightReader::hf_mxfp4_matrix(const std::string& path, const Extent& extent) const {
  if (extent.cols % kMxfp4Group != 0)
    fail(path + "_blocks", fmt::format("{} columns in blocks of 32", extent.cols), "whole blocks");
  const std::int64_t groups = extent.cols / kMxfp4Group;
  const TensorInfo& codes = tensor(path + "_blocks", extent.shape({groups, kMxfp4Group / 2}));
  require_dtype(codes, "U8", "MXFP4 codes");
  return mxfp4_matrix(codes, tensor(path + "_scales", extent.shape({groups})), extent);
}

WeightView WeightReader::mxfp4_matrix(const TensorInfo& codes, const TensorInfo& scales,
                                      const Extent& extent) const {
  require_dtype(scales, "U8", "scales of MXFP4");
  WeightView w = extent.view(WeightFormat::mxfp4, codes.bytes.data());
  w.scale_type = ScaleType::e8m0;
  w.group_size = kMxfp4Group;
  w.scales = scales.bytes.data();
  set_adjacent_rows(w);
  return w;
}

WeightView WeightReader::block_matrix(const TensorInfo& info, WeightFormat format,
                                      const Extent& extent) const {
  const auto block = static_cast<std::int64_t>(block_shape(format).elements);
  tensor(info.name, extent.shape({extent.cols}));
  if (extent.cols % block != 0) {
    fail(info.name, fmt::format("{} columns in {} blocks of {}", extent.cols, info.dtype, block),
         "whole blocks");
  }
  WeightView w = extent.view(format, info.bytes.data());
  set_adjacent_rows(w);
  const std::size_t bytes = w.rows * w.row_bytes;
  if (info.bytes.size() != bytes)
    fail(info.name, fmt::format("{} bytes", info.bytes.size()), fmt::format("{} bytes", bytes));
  return w;
}

void WeightReader::refuse_scales_that_are_no_numbers(const std::string& tensor,
                                                     std::span<const WeightView> views) const {
  for (std::size_t i = 0; i < views.size(); ++i) {
    for (std::size_t r = 0; r < views[i].rows; ++r) {
      const std::byte* scales = views[i].scales + r * views[i].scale_stride;
      const std::size_t groups = groups_of_row(views[i]);
      if (const void* at = std::memchr(scales, 255, groups)) {
        fail(tensor,
             fmt::format("scale 255 (no number) in matrix {}, row {}, group {}", i, r,
                         static_cast<const std::byte*>(at) - scales),
             "scales of at most 254");
      }
    }
  }
}

}  // namespace fidelio
