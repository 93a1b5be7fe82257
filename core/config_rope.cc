// rope_theta stands at the top level or (transformers 5) in rope_parameters beside rope_type; the
// scaling stands in rope_scaling or in rope_parameters.
#include "core/config_rope.h"

#include <fmt/format.h>

#include <cfloat>
#include <cmath>

namespace fidelio {
namespace {

using nlohmann::json;

constexpr double kMaxRopeTheta = 1e12;
constexpr double kMaxRopeFactor = 1e6;

float required_float(const ConfigReader& rope, const char* key) {
  const auto value = rope.find_float(key, FLT_MIN, kMaxRopeFactor);
  if (!value) rope.missing(key, "a positive number");
  return *value;
}

/// One divisor for each of the frequencies.
std::vector<float> read_factors(const ConfigReader& rope, std::int64_t head_dim) {
  const std::string expected = fmt::format("{} positive numbers", head_dim / 2);
  const json* list = rope.find("factors");
  if (list == nullptr) rope.missing("factors", expected);
  if (!list->is_array() || list->size() != static_cast<std::size_t>(head_dim / 2)) {
    rope.refuse("factors", *list, expected);
  }
  std::vector<float> factors;
  for (const json& value : *list) {
    const bool positive = value.is_number() && value.get<double>() >= FLT_MIN &&
                          value.get<double>() <= kMaxRopeFactor;
    if (!positive) rope.refuse("factors", value, expected);
    factors.push_back(static_cast<float>(value.get<double>()));
  }
  return factors;
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

/// Source: Peng et al. 2023, YaRN; transformers' defaults.
RopeScaling read_yarn(const ConfigReader& rope) {
  RopeScaling scaling;
  scaling.type = RopeScaling::Type::yarn;
  scaling.factor = required_float(rope, "factor");
  scaling.original_max_position_embeddings =
      rope.integer("original_max_position_embeddings", 1, kMaxPositions);
  scaling.beta_fast = rope.find_float("beta_fast", FLT_MIN, kMaxRopeFactor).value_or(32.0F);
  scaling.beta_slow = rope.find_float("beta_slow", FLT_MIN, kMaxRopeFactor).value_or(1.0F);
  scaling.truncate = rope.find_bool("truncate").value_or(true);
  for (const char* key : {"mscale", "mscale_all_dim"}) {
    if (const json* value = rope.find(key)) rope.refuse(key, *value, "nothing; not supported");
  }
  const double factor = static_cast<double>(scaling.factor);
  const auto by_factor = static_cast<float>(factor <= 1 ? 1.0 : 0.1 * std::log(factor) + 1.0);
  scaling.attention_factor =
      rope.find_float("attention_factor", FLT_MIN, kMaxRopeFactor).value_or(by_factor);
  return scaling;
}

/// What gpt_oss takes where its config says nothing.
RopeScaling gpt_oss_yarn() {
  RopeScaling scaling;
  scaling.type = RopeScaling::Type::yarn;
  scaling.factor = 32;
  scaling.original_max_position_embeddings = 4096;
  scaling.truncate = false;
  scaling.attention_factor = static_cast<float>(0.1 * std::log(32.0) + 1.0);
  return scaling;
}

RopeScaling read_scaling(const ConfigReader& rope, std::int64_t head_dim) {
  const std::string type = scaling_type(rope);
  RopeScaling scaling;
  if (type == "default") return scaling;
  if (type == "yarn") return read_yarn(rope);
  if (type == "factors") {
    scaling.type = RopeScaling::Type::factors;
    scaling.factors = read_factors(rope, head_dim);
    return scaling;
  }
  if (type != "linear" && type != "llama3") {
    rope.fail(rope.find("rope_type") != nullptr ? "rope_type" : "type", quote(type),
              "default, linear, llama3, yarn or factors; no other scaling is supported");
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
    const ConfigReader rope = config.nested(name, *object);
    require_whole_rotation(rope);
    const RopeScaling scaling = read_scaling(rope, out.head_dim);
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
  if (!scaled && out.model_type == "gpt_oss") out.rope_scaling = gpt_oss_yarn();
  if (!theta && family.rope_theta == 0) config.missing("rope_theta", "the key");
  out.rope_theta = theta.value_or(family.rope_theta);
  out.rope_traditional = config.find_bool("rope_traditional").value_or(false);
  if (out.rope_traditional && !family.rope_traditional) {
    config.fail("rope_traditional", "true", "false");
  }
}

}  // namespace fidelio
