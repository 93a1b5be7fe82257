#include "core/families/family.h"

#include <string_view>

#include "core/check.h"

namespace fidelio {
namespace {

struct Family {
  std::string_view model_type;
  Graph (*build)(const ModelConfig&);
};

constexpr Family kFamilies[] = {
    {"gpt_oss", build_gpt_oss},     {"lfm2", build_lfm2},     {"lfm2_moe", build_lfm2_moe},
    {"llama", build_llama},         {"mistral", build_llama}, {"mixtral", build_mixtral},
    {"olmoe", build_olmoe},         {"qwen2", build_qwen2},   {"qwen3", build_qwen3},
    {"qwen3_moe", build_qwen3_moe},
};

}  // namespace

Graph build_graph(const ModelConfig& config) {
  for (const Family& family : kFamilies) {
    if (family.model_type != config.model_type) continue;
    Graph graph = family.build(config);
    graph.verify();
    return graph;
  }
  check_failed("read_config accepts only model types of this table", __FILE__, __LINE__);
}

}  // namespace fidelio
