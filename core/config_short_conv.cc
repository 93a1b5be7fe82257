#include "core/config_short_conv.h"

namespace fidelio {
namespace {

constexpr std::int64_t kMaxTaps = 1024;
constexpr double kMaxMultiplier = 1024;

}  // namespace

void read_short_conv(const ConfigReader& config, ModelConfig& out) {
  out.conv_L_cache = config.integer("conv_L_cache", 1, kMaxTaps);
  out.conv_bias = config.find_bool("conv_bias").value_or(false);
}

std::int64_t read_lfm2_width(const ConfigReader& config, const std::string& model_type) {
  const char* key = config.find("block_ff_dim") != nullptr ? "block_ff_dim" : "intermediate_size";
  const std::int64_t width = config.integer(key, 1, kMaxWidth);
  const bool adjusted =
      model_type == "lfm2" && config.find_bool("block_auto_adjust_ff_dim").value_or(true);
  if (!adjusted) return width;
  const std::int64_t multiple =
      config.find_integer("block_multiple_of", 1, kMaxWidth).value_or(256);
  // A null multiplier leaves the two thirds as they are.
  const bool has_multiplier =
      config.find("block_ffn_dim_multiplier") != nullptr || !config.has("block_ffn_dim_multiplier");
  const std::int64_t two_thirds = 2 * width / 3;
  if (!has_multiplier) return two_thirds;
  const double multiplier = static_cast<double>(
      config.find_float("block_ffn_dim_multiplier", 0, kMaxMultiplier).value_or(1.0F));
  const auto scaled = static_cast<std::int64_t>(multiplier * static_cast<double>(two_thirds));
  if (scaled < 1) config.fail("block_ffn_dim_multiplier", "a width of 0", "a positive width");
  return (scaled + multiple - 1) / multiple * multiple;
}

}  // namespace fidelio
