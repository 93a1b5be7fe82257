// A node's attributes as truth reads them, and the activations of fused nodes, which are evaluated
// as the unfused ops that they replace.
#pragma once

#include <limits>
#include <span>
#include <string_view>

#include "core/graph.h"
#include "core/truth/truth_routing.h"

namespace fidelio {

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();

inline std::size_t size_of(const Node& node, std::string_view attribute) {
  return static_cast<std::size_t>(node.integer(attribute));
}

inline double number_or(const Node& node, std::string_view attribute, double absent) {
  return node.has(attribute) ? static_cast<double>(node.number(attribute)) : absent;
}

/// Of a router_topk.
TruthRouter truth_router(const Node& node, std::span<const float> selection_bias);

/// The activation of a gate_up_swiglu's two projections.
template <class T>
Rows<T> truth_swiglu(const Node& node, Rows<T> gate, Rows<T> up);

}  // namespace fidelio
