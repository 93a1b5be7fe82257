#include "validate/decode_traffic.h"

namespace fidelio {
namespace {

double matrix_bytes(const WeightView& w) { return static_cast<double>(w.rows * bytes_per_row(w)); }

}  // namespace

double decode_bytes(const Plan& plan, const ModelConfig& config, double context) {
  double bytes = 0;
  for (const PlanNode& node : plan.nodes()) {
    if (node.op == Op::embedding) {
      bytes += static_cast<double>(bytes_per_row(*node.matrix));
    } else if (node.matrix != nullptr) {
      bytes += matrix_bytes(*node.matrix);
    }
    // A token's top-k experts are distinct, so each is read once.
    for (const auto* stack : {node.experts, node.second_experts}) {
      if (stack != nullptr) bytes += static_cast<double>(node.top_k) * matrix_bytes((*stack)[0]);
    }
  }
  const auto cache_floats = static_cast<double>(2 * config.num_hidden_layers *
                                                config.num_key_value_heads * config.head_dim);
  return bytes + cache_floats * sizeof(float) * context;
}

}  // namespace fidelio
