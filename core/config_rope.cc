// rope_theta stands at the top level or (transformers 5) in rope_parameters beside rope_type; the
// scaling stands in rope_scaling or in rope_parameters.
#include "core/config_rope.h"

#include <fmt/format.h>

#include <cfloat>

namespace fidelio {
namespace {

using nlohmann::json;

constexpr double kMaxRopeTheta = 1e12;
constexpr double kMaxFactor = 1e6;

float required_float(const ConfigReader& rope, const char* key) {
  const auto value = rope.find_float(key, FLT_MIN, kMaxFactor);
  if (!value) rope.missing(key, "a positive number");
  return *value;
}

/// `rope_type`, which older configs call `type`.
std::string scaling_type(const ConfigReader& rope) {
  const auto rope_type = rope.find_string("rope_type");
  const auto type = rope.find_string("type");
  if (rope_type && type && *rope_type != *type) {
    rope.fail("type", quote(*type), fmt::format("{}, as rope_type says", quote(*rope_type)));
  }
  return rope_type.value_or(type.value_or("default"));
}

RopeScaling read_scaling(const ConfigReader& rope) {
  const std::string type = scaling_type(rope);
  RopeScaling scaling;
  if (type == "default") return scaling;
  if (type != "linear" && type != "llama3") {
    rope.fail(rope.find("rope_type") != nullptr ? "rope_type" : "type", quote(type),
              "default, linear or llama3; no other scaling is supported");
  }
  scaling.factor = required_float(rope, "factor");
  scaling.type = RopeScaling::Type::linear;
  if (type == "linear") return scaling;
  scaling.type = RopeScaling::Type::llama3;
  scaling.low_freq_factor = required_float(rope, "low_freq_factor");
  scaling.high_freq_factor = required_float(rope, "high_freq_factor");
  scaling.original_max_position_embeddings =
      rope.integer("original_max_position_embeddings", 1, kMaxPositions);
  if (!(scaling.high_freq_factor > scaling.low_freq_factor)) {
    rope.fail("high_freq_factor", fmt::to_string(scaling.high_freq_factor),
              fmt::format("more than low_freq_factor {}", scaling.low_freq_factor));
  }
  return scaling;
}

void require_whole_rotation(const ConfigReader& reader) {
  if (reader.find_float("partial_rotary_factor", 0, 1).value_or(1.0F) != 1.0F) {
    reader.refuse("partial_rotary_factor", *reader.find("partial_rotary_factor"), "1");
  }
}

}  // namespace

void read_rope(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out) {
  std::optional<float> theta = config.find_float("rope_theta", 1, kMaxRopeTheta);
  bool scaled = false;
  require_whole_rotation(config);
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    const json* object = config.find(name);
    if (object == nullptr) continue;
    if (!object->is_object()) config.refuse(name, *object, "an object or null");
    const ConfigReader rope(*object, config.where(), std::string(name) + ".");
    require_whole_rotation(rope);
    const RopeScaling scaling = read_scaling(rope);
    if (scaled && scaling != out.rope_scaling) {
      config.refuse(name, *object, "the same scaling as rope_parameters");
    }
    out.rope_scaling = scaling;
    scaled = true;
    const auto inner_theta = rope.find_float("rope_theta", 1, kMaxRopeTheta);
    if (inner_theta && theta && *inner_theta != *theta) {
      rope.fail("rope_theta", fmt::to_string(*inner_theta),
                fmt::format("{}, as rope_theta says elsewhere", *theta));
    }
    if (inner_theta) theta = inner_theta;
  }
  if (!theta && family.rope_theta == 0) config.missing("rope_theta", "the key");
  out.rope_theta = theta.value_or(family.rope_theta);
  out.rope_traditional = config.find_bool("rope_traditional").value_or(false);
  if (out.rope_traditional && !family.rope_traditional) {
    config.fail("rope_traditional", "true", "false");
  }
}

}  // namespace fidelio
