// mlx-lm's form: experts stacked, matrices quantised, the quantization block that mlx-lm's convert
// writes. Source: mlx_lm/utils.py (quantize_model, save_config) and the models' quant_predicate.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/quote.h"
#include "core/user_error.h"
#include "validate/synth/stored_model.h"

namespace fidelio::synth {
namespace {

using nlohmann::json;

struct Quantized {
  std::string mode = "affine";
  int bits = 4;
  int group_size = 64;

  json block() const { return {{"group_size", group_size}, {"bits", bits}, {"mode", mode}}; }
};

const Quantized kMlxMxfp4{"mxfp4", 4, 32};

/// quant_predicate of these models: affine without saying so.
const Quantized kEightBitRouter{"affine", 8, 64};
bool has_eight_bit_router(const std::string& model_type) {
  return model_type == "qwen3_moe" || model_type == "lfm2_moe" || model_type == "gpt_oss";
}

/// How a model is quantised as a whole.
struct Choice {
  std::optional<Quantized> most;     ///< nullopt: bfloat16
  std::optional<Quantized> experts;  ///< where they differ from most, as in gpt-oss
};

template <class Allowed>
void require_one_of(const char* flag, int found, const Allowed& allowed) {
  if (std::find(std::begin(allowed), std::end(allowed), found) != std::end(allowed)) return;
  throw UserError(
      fmt::format("{}: found {}, expected one of {}", flag, found, fmt::join(allowed, ", ")));
}

Quantized affine(const FormSettings& settings, int default_bits) {
  const Quantized chosen{"affine", settings.bits.value_or(default_bits),
                         settings.group_size.value_or(64)};
  require_one_of("--bits", chosen.bits, std::array{2, 3, 4, 5, 6, 8, 16});
  require_one_of("--group-size", chosen.group_size, std::array{32, 64, 128});
  return chosen;
}

std::optional<Quantized> unless_16_bits(const Quantized& chosen) {
  return chosen.bits == 16 ? std::nullopt : std::optional(chosen);
}

Choice choose(const std::string& model_type, const FormSettings& settings) {
  const bool gpt_oss = model_type == "gpt_oss";
  const std::string mode = settings.mode.value_or(gpt_oss ? "mxfp4" : "affine");
  if (mode != "affine" && mode != "mxfp4") {
    throw UserError(fmt::format("--mode: found {}, expected affine or mxfp4", quote(mode)));
  }
  if (mode == "affine") return {unless_16_bits(affine(settings, 4)), std::nullopt};
  // The experts keep the format in which gpt-oss is published; the rest is converted.
  if (gpt_oss) return {unless_16_bits(affine(settings, 8)), kMlxMxfp4};
  require_one_of("--bits", settings.bits.value_or(4), std::array{4});
  require_one_of("--group-size", settings.group_size.value_or(32), std::array{32});
  return {kMlxMxfp4, std::nullopt};
}

class MlxModel {
 public:
  MlxModel(const Architecture& architecture, const Choice& choice, StoredModel& out)
      : a_(architecture), choice_(choice), out_(out) {
    const std::optional<Quantized> defaults = choice.experts ? choice.experts : choice.most;
    if (defaults) block_ = defaults->block();
  }

  void add(const ModelTensor& tensor) {
    const std::string name = tensor_name(a_.model_type, Format::mlx, tensor);
    const Spread spread = spread_of(tensor, a_);
    if (tensor.part == Part::conv_taps) {
      add_floats(name, {tensor.shape[0], tensor.shape[1], 1}, spread);
    } else if (tensor.part == Part::expert_bias) {
      out_.tensors.push_back(float_tensor(name, tensor.shape, spread, Encoding::f32));
    } else if (const std::optional<Quantized> q = quantized(tensor.part)) {
      add_quantized(name, tensor, *q, spread);
    } else {
      add_floats(name, tensor.shape, spread);
    }
  }

  void write_block() {
    if (block_.is_null()) return;
    out_.config["quantization"] = block_;
    out_.config["quantization_config"] = block_;
  }

 private:
  std::optional<Quantized> quantized(Part part) const {
    if (!is_quantizable(part)) return std::nullopt;
    if (is_experts(part) && choice_.experts) return choice_.experts;
    if (part == Part::router && choice_.most && has_eight_bit_router(a_.model_type))
      return kEightBitRouter;
    return choice_.most;
  }

  void add_floats(const std::string& name, std::vector<std::int64_t> shape, Spread spread) {
    out_.tensors.push_back(float_tensor(name, std::move(shape), spread));
  }

  void add_quantized(const std::string& name, const ModelTensor& tensor, const Quantized& q,
                     Spread spread) {
    const std::string path = name.substr(0, name.size() - std::string(".weight").size());
    const std::int64_t cols = tensor.shape.back();
    if (cols % q.group_size != 0) {
      throw UserError(
          fmt::format("--group-size: found {}, expected a divisor of {}, the columns of {}",
                      q.group_size, cols, path));
    }
    note_in_block(path, tensor.part, q);
    add_bytes(path, ".weight", "U32", with_last(tensor.shape, cols * q.bits / 32), 4,
              {Encoding::codes, spread});
    const std::vector<std::int64_t> groups = with_last(tensor.shape, cols / q.group_size);
    const auto bits = static_cast<std::uint32_t>(q.bits);
    if (q.mode == "mxfp4") {
      add_bytes(path, ".scales", "U8", groups, 1, {Encoding::e8m0_scale, spread});
    } else {
      add_bytes(path, ".scales", "BF16", groups, 2, {Encoding::affine_scale, spread, bits});
      // Of the same stream: a bias belongs to its scale.
      add_bytes(path, ".biases", "BF16", groups, 2, {Encoding::affine_bias, spread, bits});
      out_.tensors.back().stream = path + ".scales";
    }
  }

  /// What mlx-lm lists by path: routers, and everything where the file's default is the experts'.
  void note_in_block(const std::string& path, Part part, const Quantized& q) {
    if (part == Part::router && has_eight_bit_router(a_.model_type)) {
      block_[path] = {{"group_size", q.group_size}, {"bits", q.bits}};
    } else if (choice_.experts && !is_experts(part)) {
      block_[path] = q.block();
    }
  }

  void add_bytes(const std::string& path, const char* suffix, const char* dtype,
                 std::vector<std::int64_t> shape, std::uint64_t element_bytes, Content content) {
    const auto bytes = static_cast<std::uint64_t>(element_count(shape)) * element_bytes;
    out_.tensors.push_back({path + suffix, dtype, std::move(shape), bytes, content, path + suffix});
  }

  static std::vector<std::int64_t> with_last(std::vector<std::int64_t> shape, std::int64_t last) {
    shape.back() = last;
    return shape;
  }

  const Architecture& a_;
  const Choice& choice_;
  StoredModel& out_;
  json block_;
};

}  // namespace

StoredModel mlx_model(const json& config, const FormSettings& settings) {
  const Architecture architecture(config);
  const Choice choice = choose(architecture.model_type, settings);
  StoredModel model{config, {}};
  MlxModel form(architecture, choice, model);
  for (const ModelTensor& tensor : model_tensors(architecture)) form.add(tensor);
  form.write_block();
  return model;
}

}  // namespace fidelio::synth
