#include "core/truth/truth_fused.h"

#include <utility>

#include "core/router_order.h"
#include "core/truth/truth_elementwise.h"
#include "core/truth/truth_ops.h"

namespace fidelio {

TruthRouter truth_router(const Node& node, std::span<const float> selection_bias) {
  return {size_of(node, "k"),        router_order_of(node),        node.integer("normalize") != 0,
          number_or(node, "eps", 0), number_or(node, "factor", 1), selection_bias};
}

template <class T>
Rows<T> truth_swiglu(const Node& node, Rows<T> gate, Rows<T> up) {
  gate = truth_clamp(std::move(gate), -kNoLimit, number_or(node, "gate_max", kNoLimit));
  up = truth_clamp(std::move(up), number_or(node, "up_min", -kNoLimit),
                   number_or(node, "up_max", kNoLimit));
  up = truth_add_scalar(std::move(up), number_or(node, "up_add", 0));
  return truth_mul(truth_silu(std::move(gate), number_or(node, "alpha", 1)), up);
}

template Rows<double> truth_swiglu(const Node&, Rows<double>, Rows<double>);
template Rows<float> truth_swiglu(const Node&, Rows<float>, Rows<float>);

}  // namespace fidelio
