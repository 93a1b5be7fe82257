// MLX's quantization block: group_size, bits, mode and quant_method are settings, every other key
// is a path. Source: mlx-lm's utils.load_model (class_predicate) and mlx.nn.quantize.
#include "core/config_quantization.h"

namespace fidelio {

namespace {

using nlohmann::json;

void refuse_other_modes(const ConfigReader& block) {
  const std::string mode = block.find_string("mode").value_or("affine");
  if (mode != "affine")
    block.fail("mode", quote(mode), "\"affine\"; no kernel reads other modes yet");
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

int read_bits(const ConfigReader& block) {
  return one_of(block, "bits", {2, 3, 4, 5, 6, 8}, "2, 3, 4, 5, 6 or 8");
}
int read_group_size(const ConfigReader& block) {
  return one_of(block, "group_size", {32, 64, 128}, "32, 64 or 128");
}

/// A path's own object. What it leaves out are MLX's defaults for affine (group size 64, 4 bits),
/// not the block's.
Quantization read_override(const ConfigReader& block) {
  refuse_other_modes(block);
  Quantization setting;
  if (block.find("group_size") != nullptr) setting.group_size = read_group_size(block);
  if (block.find("bits") != nullptr) setting.bits = read_bits(block);
  return setting;
}

bool is_setting(const std::string& key) {
  return key == "group_size" || key == "bits" || key == "mode" || key == "quant_method";
}

QuantizationConfig read_block(const std::string& where, const char* name, const json& object) {
  const ConfigReader block(object, where, std::string(name) + ".");
  if (const auto method = block.find_string("quant_method"); method && *method != "affine") {
    block.fail("quant_method", quote(*method), "MLX's affine quantisation (group_size, bits)");
  }
  refuse_other_modes(block);
  QuantizationConfig quantization;
  quantization.defaults = {.group_size = read_group_size(block), .bits = read_bits(block)};
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
