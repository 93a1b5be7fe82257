#include "core/router_order.h"

#include "core/check.h"

namespace fidelio {

std::optional<RouterOrder> parse_router_order(std::string_view name) {
  if (name == "softmax_topk") return RouterOrder::softmax_topk;
  if (name == "topk_softmax") return RouterOrder::topk_softmax;
  if (name == "sigmoid_topk") return RouterOrder::sigmoid_topk;
  return std::nullopt;
}

RouterOrder router_order_of(const Node& node) {
  const std::optional<RouterOrder> order = parse_router_order(node.text("order"));
  FIDELIO_CHECK(order.has_value());
  return *order;
}

}  // namespace fidelio
