#include "validate/op_checks/op_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/nearest_name.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {

std::string_view data_kind_name(DataKind kind) {
  switch (kind) {
    case DataKind::normal:
      return "normal";
    case DataKind::denormals:
      return "denormals";
    case DataKind::signed_zeros:
      return "signed_zeros";
    case DataKind::huge:
      return "huge";
    case DataKind::tiny:
      return "tiny";
    case DataKind::negative_scales:
      return "negative_scales";
    case DataKind::nan:
      return "nan";
    case DataKind::infinite:
      break;
  }
  return "infinite";
}

std::string_view format_name(WeightFormat format) {
  static constexpr std::string_view kNames[] = {
      "f32",     "f16",   "bf16", "affine2", "affine3", "affine4", "affine5",     "affine6",
      "affine8", "mxfp4", "q8_0", "q4_0",    "q4_1",    "q6_k",    "mxfp4_blocks"};
  return kNames[static_cast<std::size_t>(format)];
}

std::string_view scale_type_name(ScaleType type) {
  static constexpr std::string_view kNames[] = {"f32", "f16", "bf16", "e8m0"};
  return kNames[static_cast<std::size_t>(type)];
}

namespace {

std::string shape_text(const OpCase& c) {
  switch (form_of(c.op)) {
    case OpForm::rows:
      return fmt::format("[M, {}]", c.cols);
    case OpForm::choice:
      return fmt::format("top {} of [M, {}]", c.top_k, c.cols);
    case OpForm::slots:
      return fmt::format("[M, {}, {}]", c.top_k, c.cols);
    case OpForm::dense:
      return fmt::format("[{}, {}]", c.rows, c.cols);
    case OpForm::experts:
      return fmt::format("top {} of [{}, {}, {}]", c.top_k, c.experts, c.rows, c.cols);
    case OpForm::heads:
      return fmt::format("[M, {}, {}]", c.heads, c.cols);
    case OpForm::cache:
      return fmt::format("[M, {} on {}, {}] after {} positions{}", c.heads, c.kv_heads, c.cols,
                         c.context, c.window == 0 ? "" : fmt::format(", window {}", c.window));
  }
  return "";
}

bool has_weights(OpForm form) { return form == OpForm::dense || form == OpForm::experts; }

std::string groups_complaint(const OpCase& c) {
  const bool affine = affine_bits(c.format) != 0;
  const bool mxfp4 = c.format == WeightFormat::mxfp4;
  if (!affine && !mxfp4 && c.group_size != 0)
    return "group_size belongs to affine formats and mxfp4";
  if (!affine && !mxfp4) return "";
  if (mxfp4 && c.group_size != 32)
    return fmt::format("found group_size {}, expected 32 for mxfp4", c.group_size);
  if (c.group_size != 32 && c.group_size != 64 && c.group_size != 128)
    return fmt::format("found group_size {}, expected 32, 64 or 128", c.group_size);
  if (mxfp4 != (c.scale_type == ScaleType::e8m0))
    return fmt::format("found scales of {} for {} weights", scale_type_name(c.scale_type),
                       format_name(c.format));
  if (c.cols % c.group_size != 0)
    return fmt::format("found cols {}, expected a multiple of group_size {}", c.cols, c.group_size);
  return "";
}

std::string weights_complaint(const OpCase& c) {
  if (const std::string complaint = groups_complaint(c); !complaint.empty()) return complaint;
  const std::size_t block = block_shape(c.format).elements;
  if (block != 0 && c.cols % block != 0)
    return fmt::format("found cols {}, expected whole {} blocks of {}", c.cols,
                       format_name(c.format), block);
  const bool signed_scales =
      affine_bits(c.format) != 0 || (block != 0 && c.format != WeightFormat::mxfp4_blocks);
  if (!signed_scales && c.data == DataKind::negative_scales)
    return fmt::format("{} weights have no scales to be negative", format_name(c.format));
  return "";
}

std::string sizes_complaint(const OpCase& c) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  const struct {
    const char* name;
    std::size_t value;
    std::size_t most;
  } sizes[] = {{"tokens", c.n_tokens, 4096},      {"rows", c.rows, kMost},
               {"cols", c.cols, kMost},           {"experts", c.experts, 4096},
               {"top_k", c.top_k, 256},           {"heads", c.heads, 1024},
               {"kv_heads", c.kv_heads, 1024},    {"threads", c.threads, 1024},
               {"context", c.context + 1, kMost}, {"window", c.window + 1, kMost}};
  for (const auto& size : sizes) {
    if (size.value < 1 || size.value > size.most)
      return fmt::format("{} is out of range: expected 1 to {}", size.name, size.most);
  }
  return "";
}

}  // namespace

std::string describe(const OpCase& c) {
  std::string text = fmt::format("{} {}", c.op, shape_text(c));
  if (has_weights(form_of(c.op))) {
    text += fmt::format(" {}", format_name(c.format));
    if (c.group_size != 0)
      text += fmt::format(" group {} scales {}", c.group_size, scale_type_name(c.scale_type));
  }
  if (!c.param.empty()) text += fmt::format(" of {} from row {}", c.param, c.first_row);
  text += fmt::format(", M {}, {}, {}aligned, {} thread{}", c.n_tokens, data_kind_name(c.data),
                      c.misaligned ? "mis" : "", c.threads, c.threads == 1 ? "" : "s");
  if (c.variant != 0) text += fmt::format(", variant {}", c.variant);
  return text + fmt::format(", seed {}", c.seed);
}

std::size_t work_of(const OpCase& c) {
  switch (form_of(c.op)) {
    case OpForm::rows:
      return c.n_tokens * c.cols;
    case OpForm::choice:
    case OpForm::slots:
      return c.n_tokens * c.cols * c.top_k;
    case OpForm::dense:
      return (c.n_tokens + 1) * c.rows * c.cols;
    case OpForm::experts:
      return (c.n_tokens * c.top_k + c.experts) * c.rows * c.cols;
    case OpForm::heads:
      return (c.context + c.n_tokens) * c.heads * c.cols;
    case OpForm::cache:
      return (c.n_tokens + 1) * c.heads * c.cols * (c.context + c.n_tokens) * 2;
  }
  return 0;
}

std::string complaint_about(const OpCase& c) {
  const OpEntry* entry = find_op_entry(c.op);
  if (entry == nullptr)
    return fmt::format("found op \"{}\", expected a kernel{}", c.op,
                       did_you_mean(c.op, op_entry_names()));
  if (const std::string sizes = sizes_complaint(c); !sizes.empty()) return sizes;
  if (c.variant < 0 || c.variant >= entry->n_variants)
    return fmt::format("found variant {}, expected 0 to {}", c.variant, entry->n_variants - 1);
  if (work_of(c) > std::size_t{1} << 30) return "the case is too large: more than 2^30 products";
  if (!c.param.empty() && c.data == DataKind::negative_scales)
    return "a model's scales are what they are";
  if (has_weights(entry->form)) {
    if (entry->form == OpForm::experts && c.top_k > c.experts)
      return fmt::format("found top_k {}, expected at most experts {}", c.top_k, c.experts);
    return weights_complaint(c);
  }
  if (c.data == DataKind::negative_scales) return c.op + " has no scales to be negative";
  if (!c.param.empty()) return c.op + " has no weights that a model could give";
  if (entry->form == OpForm::choice && c.top_k > c.cols)
    return fmt::format("found top_k {}, expected at most cols {}", c.top_k, c.cols);
  if (entry->form == OpForm::heads && c.cols % 2 != 0)
    return fmt::format("found cols {}, expected an even head_dim", c.cols);
  if (entry->form == OpForm::cache && c.heads % c.kv_heads != 0)
    return fmt::format("found heads {}, expected a multiple of kv_heads {}", c.heads, c.kv_heads);
  return "";
}

}  // namespace fidelio
