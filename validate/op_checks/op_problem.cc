#include "validate/op_checks/op_problem.h"

#include <fmt/format.h>

#include <cstring>

#include "core/check.h"
#include "validate/op_checks/random_blocks.h"

namespace fidelio {
namespace {

using Role = GuardedMemory::Role;

float* as_floats(std::byte* bytes) { return reinterpret_cast<float*>(bytes); }

ScaleType float_type(WeightFormat format) {
  if (format == WeightFormat::f16) return ScaleType::f16;
  return format == WeightFormat::bf16 ? ScaleType::bf16 : ScaleType::f32;
}

}  // namespace

OpProblem::OpProblem(const OpCase& op_case, const ModelWeights* model)
    : c(op_case), model_(model), random_(op_case.seed) {}

DataKind OpProblem::kind_of(std::size_t i, std::size_t n) const {
  const std::size_t chosen = static_cast<std::size_t>(c.seed / 2 % (n + 1));  // n: all of them
  return n == 1 || chosen == n || chosen == i ? c.data : DataKind::normal;
}

const float* OpProblem::input(const std::string& name, std::size_t n, DataKind kind, int shift) {
  std::byte* data = memory_.add(name, Role::input, n * sizeof(float), float_offset());
  fill_floats(random_, ScaleType::f32, kind, shift, n, data);
  return as_floats(data);
}

float* OpProblem::output(const std::string& name, std::size_t n) {
  std::byte* data = memory_.add(name, Role::output, n * sizeof(float), float_offset());
  outputs_.push_back({name, data, n, true});
  return as_floats(data);
}

std::int32_t* OpProblem::id_output(const std::string& name, std::size_t n) {
  std::byte* data = memory_.add(name, Role::output, n * sizeof(std::int32_t), float_offset());
  outputs_.push_back({name, data, n, false});
  return reinterpret_cast<std::int32_t*>(data);
}

float* OpProblem::in_out(const std::string& name, std::size_t n, DataKind kind, int shift) {
  std::byte* data = memory_.add(name, Role::in_out, n * sizeof(float), float_offset());
  fill_floats(random_, ScaleType::f32, kind, shift, n, data);
  outputs_.push_back({name, data, n, true});
  return as_floats(data);
}

const std::int32_t* OpProblem::integers(const std::string& name,
                                        const std::vector<std::int32_t>& values) {
  std::byte* data =
      memory_.add(name, Role::input, values.size() * sizeof(std::int32_t), float_offset());
  std::memcpy(data, values.data(), values.size() * sizeof(std::int32_t));
  return reinterpret_cast<const std::int32_t*>(data);
}

const std::int32_t* OpProblem::expert_ids() {
  std::vector<std::int32_t> experts(c.experts);
  for (std::size_t e = 0; e < c.experts; ++e) experts[e] = static_cast<std::int32_t>(e);
  std::vector<std::int32_t> ids;
  for (std::size_t t = 0; t < c.n_tokens; ++t) {
    for (std::size_t s = 0; s < c.top_k; ++s) {
      std::swap(experts[s], experts[s + random_.below(c.experts - s)]);
      ids.push_back(experts[s]);
    }
  }
  return integers("ids", ids);
}

const std::int32_t* OpProblem::positions(std::size_t first) {
  std::vector<std::int32_t> values(c.n_tokens);
  for (std::size_t t = 0; t < c.n_tokens; ++t) values[t] = static_cast<std::int32_t>(first + t);
  return integers("positions", values);
}

const std::byte* OpProblem::copied_rows(const std::string& name, const std::byte* from,
                                        std::size_t row_bytes, std::size_t stride) {
  std::byte* data = memory_.add(name, Role::input, c.rows * row_bytes, c.misaligned ? 1 : 0);
  for (std::size_t r = 0; r < c.rows; ++r)
    std::memcpy(data + r * row_bytes, from + r * stride, row_bytes);
  return data;
}

WeightView OpProblem::random_weight(const std::string& name, DataKind kind, WeightFormat format) {
  WeightView w{.format = format, .rows = c.rows, .cols = c.cols};
  if (affine_bits(format) != 0 || format == WeightFormat::mxfp4) {
    w.scale_type = c.scale_type;
    w.group_size = c.group_size;
  }
  set_adjacent_rows(w);
  const std::size_t offset = c.misaligned ? 1 : 0;
  const std::size_t n_bytes = w.rows * w.row_bytes;
  std::byte* data = memory_.add(name, Role::input, n_bytes, offset);
  w.data = data;
  const auto scales = [&](const char* what) {
    return memory_.add(name + what, Role::input, w.rows * w.scale_stride, offset);
  };
  const std::size_t n_groups = w.rows * groups_of_row(w);
  if (format == WeightFormat::mxfp4) {
    fill_e2m1(random_, kind, n_bytes, data);
    std::byte* bytes = scales(" scales");
    fill_e8m0(random_, kind, n_groups, bytes);
    w.scales = bytes;
  } else if (const int bits = static_cast<int>(affine_bits(format))) {
    fill_bytes(random_, n_bytes, data);
    const auto part = [&](const char* what, DataKind part_kind, int shift) {
      std::byte* bytes = scales(what);
      fill_floats(random_, w.scale_type, part_kind, shift, n_groups, bytes);
      return bytes;
    };
    w.scales = part(" scales", kind, -bits);
    w.biases = part(" biases", kind == DataKind::negative_scales ? DataKind::normal : kind, 0);
  } else if (const std::size_t block = block_shape(format).bytes) {
    fill_blocks(random_, format, kind, n_bytes / block, data);
  } else {
    fill_floats(random_, float_type(format), kind, 0, w.rows * w.cols, data);
  }
  return w;
}

WeightView OpProblem::rows_of(const std::string& name, const WeightView& whole) {
  FIDELIO_CHECK(c.first_row + c.rows <= whole.rows && c.cols == whole.cols);
  WeightView w = whole;
  w.rows = c.rows;
  set_adjacent_rows(w);
  const auto part = [&](const char* what, const std::byte* from, std::size_t bytes,
                        std::size_t stride) -> const std::byte* {
    return from == nullptr ? nullptr
                           : copied_rows(name + what, from + c.first_row * stride, bytes, stride);
  };
  w.data = part("", whole.data, w.row_bytes, whole.row_stride);
  w.scales = part(" scales", whole.scales, w.scale_stride, whole.scale_stride);
  w.biases = part(" biases", whole.biases, w.scale_stride, whole.scale_stride);
  return w;
}

WeightView OpProblem::weight(const std::string& name, DataKind kind) {
  return weight(name, kind, c.format);
}

WeightView OpProblem::weight(const std::string& name, DataKind kind, WeightFormat format) {
  if (c.param.empty()) return random_weight(name, kind, format);
  FIDELIO_CHECK(model_ != nullptr);
  return rows_of(name, model_->matrix(c.param));
}

const WeightView* OpProblem::expert_weights(const std::string& name, DataKind kind,
                                            WeightFormat format, const std::string& param) {
  std::vector<WeightView>& stack = stacks_.emplace_back();
  FIDELIO_CHECK(param.empty() || model_ != nullptr);
  for (std::size_t e = 0; e < c.experts; ++e) {
    const std::string expert = fmt::format("{}[{}]", name, e);
    stack.push_back(param.empty() ? random_weight(expert, kind, format)
                                  : rows_of(expert, model_->experts(param).at(e)));
  }
  return stack.data();
}

TruthValue truth_of(const float* x, std::size_t rows, std::size_t width) {
  return {rows, width, std::vector<double>(x, x + rows * width), {}};
}

TruthValue truth_ids(const std::int32_t* ids, std::size_t rows, std::size_t width) {
  return {rows, width, {}, std::vector<std::int32_t>(ids, ids + rows * width)};
}

}  // namespace fidelio
