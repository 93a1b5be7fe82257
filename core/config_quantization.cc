// MLX's quantization block: group_size, bits, mode and quant_method are settings, every other key
// is a path. Source: mlx-lm's utils.load_model (class_predicate) and mlx.nn.quantize. The block of
// transformers' GPT-OSS (quant_method mxfp4) lists modules left in float; its tensors say the same.
#include "core/config_quantization.h"

namespace fidelio {

namespace {

using nlohmann::json;

using Mode = Quantization::Mode;

Mode read_mode(const ConfigReader& block) {
  const std::string mode = block.find_string("mode").value_or("affine");
  if (mode == "affine") return Mode::affine;
  if (mode == "mxfp4") return Mode::mxfp4;
  block.fail("mode", quote(mode), "\"affine\" or \"mxfp4\"; no kernel reads other modes yet");
}

int one_of(const ConfigReader& block, const char* key, std::initializer_list<int> allowed,
           std::string_view expected) {
  const json* value = block.find(key);
  if (value == nullptr) block.missing(key, expected);
  for (const int number : allowed) {
    if (value->is_number_integer() && *value == number) return number;
  }
  block.refuse(key, *value, expected);
}

int read_bits(const ConfigReader& block, Mode mode) {
  if (mode == Mode::mxfp4) return one_of(block, "bits", {4}, "4 (mxfp4)");
  return one_of(block, "bits", {2, 3, 4, 5, 6, 8}, "2, 3, 4, 5, 6 or 8");
}
int read_group_size(const ConfigReader& block, Mode mode) {
  if (mode == Mode::mxfp4) return one_of(block, "group_size", {32}, "32 (mxfp4)");
  return one_of(block, "group_size", {32, 64, 128}, "32, 64 or 128");
}

constexpr Quantization kMxfp4 = {.group_size = 32, .bits = 4, .mode = Mode::mxfp4};

/// A path's own object. What it leaves out are MLX's defaults for its mode (affine: group size 64,
/// 4 bits), and the mode it leaves out is affine, whatever the block's.
Quantization read_override(const ConfigReader& block) {
  const Mode mode = read_mode(block);
  Quantization setting = mode == Mode::mxfp4 ? kMxfp4 : Quantization{};
  if (block.find("group_size") != nullptr) setting.group_size = read_group_size(block, mode);
  if (block.find("bits") != nullptr) setting.bits = read_bits(block, mode);
  return setting;
}

bool is_setting(const std::string& key) {
  return key == "group_size" || key == "bits" || key == "mode" || key == "quant_method";
}

QuantizationConfig read_block(const std::string& where, const char* name, const json& object) {
  const ConfigReader block(object, where, std::string(name) + ".");
  const std::string method = block.find_string("quant_method").value_or("affine");
  if (method == "mxfp4") return {.defaults = kMxfp4, .overrides = {}};
  if (method != "affine") {
    block.fail("quant_method", quote(method),
               "MLX's quantisation (group_size, bits, mode) or GPT-OSS's \"mxfp4\"");
  }
  const Mode mode = read_mode(block);
  QuantizationConfig quantization;
  quantization.defaults = {
      .group_size = read_group_size(block, mode), .bits = read_bits(block, mode), .mode = mode};
  for (const auto& [path, value] : object.items()) {
    if (is_setting(path)) continue;
    if (value.is_object()) {
      const ConfigReader own(value, where, std::string(name) + "." + printable(path) + ".");
      quantization.overrides[path] = read_override(own);
    } else if (value.is_boolean()) {
      quantization.overrides[path] =
          value.get<bool>() ? std::optional(quantization.defaults) : std::nullopt;
    } else {
      block.refuse(path, value, "an object, true or false");
    }
  }
  return quantization;
}

}  // namespace

std::optional<QuantizationConfig> read_quantization(const ConfigReader& config) {
  for (const char* name : {"quantization", "quantization_config"}) {
    const json* object = config.find(name);
    if (object == nullptr) continue;
    if (!object->is_object()) config.refuse(name, *object, "an object");
    return read_block(config.where(), name, *object);
  }
  return std::nullopt;
}

std::optional<Quantization> QuantizationConfig::for_path(const std::string& path) const {
  const auto own = overrides.find(path);
  return own == overrides.end() ? std::optional(defaults) : own->second;
}

}  // namespace fidelio
