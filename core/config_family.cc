#include "core/config_family.h"

namespace fidelio {
namespace {

constexpr ConfigFamily kFamilies[] = {
    // model_type, default KV heads, default head_dim, rope_theta, window rule and default,
    // attention_bias, mlp_bias, rope_traditional, expert_width, ...
    {"gpt_oss", false, false, 150000, WindowRule::alternating, 128, true, false, false,
     "intermediate_size", true},
    {"lfm2", false, true, 1000000, WindowRule::none, 0, false, false, false, "", false, true},
    {"lfm2_moe", false, true, 1000000, WindowRule::none, 0, false, false, false,
     "moe_intermediate_size", false, true},
    {"llama", true, true, 10000, WindowRule::none, 0, true, true, true, ""},
    {"mistral", false, true, 0, WindowRule::every_layer, 4096, false, false, true, ""},
    {"mixtral", false, true, 0, WindowRule::every_layer, 0, false, false, true,
     "intermediate_size"},
    {"olmoe", true, true, 0, WindowRule::none, 0, true, false, true, "intermediate_size"},
    {"qwen2", false, true, 0, WindowRule::upper_layers, 4096, false, false, true, ""},
    {"qwen3", false, false, 0, WindowRule::upper_layers, 4096, true, false, false, ""},
    {"qwen3_moe", false, true, 0, WindowRule::switched, 4096, true, false, false,
     "moe_intermediate_size"},
};

}  // namespace

std::span<const ConfigFamily> config_families() { return kFamilies; }

const ConfigFamily* find_config_family(std::string_view model_type) {
  for (const ConfigFamily& family : kFamilies) {
    if (family.model_type == model_type) return &family;
  }
  return nullptr;
}

}  // namespace fidelio
