// Reads config.json key by key. A feature that no graph builder implements is refused by name,
// never ignored: a baseline that leaves out a sliding window is not the model.
#include "core/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cfloat>

#include "core/config_attention.h"
#include "core/config_experts.h"
#include "core/config_family.h"
#include "core/config_quantization.h"
#include "core/config_reader.h"
#include "core/config_rope.h"
#include "core/config_short_conv.h"
#include "core/eos_token_ids.h"
#include "core/json_text.h"
#include "core/mapped_file.h"
#include "core/nearest_name.h"

namespace fidelio {

namespace {

using nlohmann::json;

// Far above any published model, low enough that a product of three fits in 64 bits.
constexpr std::int64_t kMaxVocab = std::int64_t{1} << 24;

std::string read_model_type(const ConfigReader& config) {
  const std::vector<std::string>& supported = supported_model_types();
  const std::string expected = fmt::format("one of {}", fmt::join(supported, ", "));
  const auto model_type = config.find_string("model_type");
  if (!model_type) config.missing("model_type", expected);
  if (find_config_family(*model_type) == nullptr) {
    config.fail("model_type", quote(*model_type), expected + did_you_mean(*model_type, supported));
  }
  return *model_type;
}

void refuse_unimplemented(const ConfigReader& config) {
  const std::string hidden_act = config.find_string("hidden_act").value_or("silu");
  if (hidden_act != "silu") config.fail("hidden_act", quote(hidden_act), "\"silu\"");
  if (const json* clip = config.find("clip_qkv")) {
    config.refuse("clip_qkv", *clip, "null; clipped projections are not supported");
  }
}

}  // namespace

const std::vector<std::string>& supported_model_types() {
  static const std::vector<std::string> kTypes = [] {
    std::vector<std::string> types;
    for (const ConfigFamily& family : config_families()) types.emplace_back(family.model_type);
    return types;
  }();
  return kTypes;
}

LayerType ModelConfig::type_of(std::int64_t layer) const {
  const auto i = static_cast<std::size_t>(layer);
  return i < layer_types.size() ? layer_types[i] : LayerType::full_attention;
}

std::int64_t ModelConfig::window_of(std::int64_t layer) const {
  return type_of(layer) == LayerType::sliding_attention ? sliding_window : 0;
}

ModelConfig parse_config(const std::string& text, const std::string& where,
                         const std::map<std::string, std::string>& sources) {
  const json object = parse_json_object(text, where);
  const ConfigReader config(object, where, "", &sources);
  ModelConfig out;
  out.model_type = read_model_type(config);
  const ConfigFamily& family = *find_config_family(out.model_type);
  refuse_unimplemented(config);
  out.hidden_size = config.integer("hidden_size", 1, kMaxWidth);
  out.intermediate_size = family.short_conv ? read_lfm2_width(config, out.model_type)
                                            : config.integer("intermediate_size", 1, kMaxWidth);
  out.num_hidden_layers = config.integer("num_hidden_layers", 1, kMaxLayers);
  out.vocab_size = config.integer("vocab_size", 1, kMaxVocab);
  out.max_position_embeddings = config.integer("max_position_embeddings", 1, kMaxPositions);
  const char* eps_key = family.short_conv ? "norm_eps" : "rms_norm_eps";
  const auto eps = config.find_float(eps_key, FLT_MIN, 1);
  if (!eps) config.missing(eps_key, "a number");
  out.rms_norm_eps = *eps;
  out.tie_word_embeddings = config.find_bool("tie_word_embeddings").value_or(family.short_conv);
  read_attention(config, family, out);
  if (family.short_conv) read_short_conv(config, out);
  read_rope(config, family, out);
  if (!family.expert_width.empty()) read_experts(config, family, out);
  out.eos_token_ids = read_eos_token_ids(config, out.vocab_size);
  out.quantization = read_quantization(config);
  return out;
}

ModelConfig read_config(const std::filesystem::path& file) {
  return parse_config(read_text_file(file, kMaxConfigBytes), path_text(file));
}

}  // namespace fidelio
