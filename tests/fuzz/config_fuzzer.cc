// Any bytes as a config.json: an error, or a config whose graph verifies and comes back from its
// text.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/config.h"
#include "core/families/family.h"
#include "core/graph_text.h"
#include "core/user_error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const fidelio::ModelConfig config = fidelio::parse_config(text, "config.json");
    if (config.num_hidden_layers > 3 || config.head_dim > 256) return 0;  // only slower
    const fidelio::Graph graph = fidelio::build_graph(config);
    if (fidelio::parse_graph(fidelio::to_text(graph)) != graph) std::abort();
  } catch (const fidelio::UserError&) {
  }
  return 0;
}
