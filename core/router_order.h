// The attribute `order` of a router_topk: its names, and what they mean to kernels and truth.
#pragma once

#include <optional>
#include <string_view>

#include "core/graph.h"
#include "kernels/fused/router_topk.h"

namespace fidelio {

inline constexpr const char* kRouterOrderNames = "softmax_topk, topk_softmax or sigmoid_topk";

/// The order of that name, if it is one.
std::optional<RouterOrder> parse_router_order(std::string_view name);

/// The order of a verified router_topk.
RouterOrder router_order_of(const Node& node);

}  // namespace fidelio
