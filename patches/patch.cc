// Names of numeric classes and refusal reasons, and what guards share.
#include "patches/patch.h"

#include <fmt/format.h>

#include <array>

#include "core/check.h"
#include "core/graph_text.h"

namespace fidelio {

namespace {

struct ReasonName {
  Reason reason;
  std::string_view id;
};

constexpr ReasonName kReasonNames[] = {
    {Reason::n_tokens_below_guard, "n_tokens_below_guard"},
    {Reason::n_tokens_above_guard, "n_tokens_above_guard"},
    {Reason::shared_intermediate, "shared_intermediate"},
    {Reason::different_inputs, "different_inputs"},
    {Reason::different_ids, "different_ids"},
    {Reason::activation_not_silu, "activation_not_silu"},
    {Reason::dense_projections, "dense_projections"},
    {Reason::not_gather_matmul, "not_gather_matmul"},
    {Reason::no_softmax, "no_softmax"},
    {Reason::biased_weights, "biased_weights"},
    {Reason::grouped_norm, "grouped_norm"},
    {Reason::overlapping_site, "overlapping_site"},
    {Reason::unsupported_shape, "unsupported_shape"},
    {Reason::excluded, "excluded"},
    {Reason::already_rounded, "already_rounded"},
};

}  // namespace

std::string_view numerics_name(Numerics numerics) {
  switch (numerics) {
    case Numerics::bit_exact:
      return "bit_exact";
    case Numerics::reassociated:
      return "reassociated";
    case Numerics::approximate:
      break;
  }
  return "approximate";
}

std::vector<std::string> rounding_texts(const Patch& patch) {
  std::vector<std::string> texts;
  for (const RoundingPoint& point : patch.rounding)
    texts.push_back(fmt::format("{}: {}", point.value, rounding_text(point.rounding)));
  return texts;
}

std::string_view reason_id(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  FIDELIO_CHECK(index < std::size(kReasonNames) && kReasonNames[index].reason == reason);
  return kReasonNames[index].id;
}

std::span<const Reason> all_reasons() {
  static const auto reasons = [] {
    std::array<Reason, std::size(kReasonNames)> list{};
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = kReasonNames[i].reason;
    return list;
  }();
  return reasons;
}

Decision admit() { return {}; }

Decision refuse(Reason reason, std::string detail) { return {Refusal{reason, std::move(detail)}}; }

Decision check_vanishes(const Graph& graph, ValueId value, NodeId reader) {
  if (graph.is_output(value)) {
    return refuse(Reason::shared_intermediate,
                  fmt::format("{} is an output of the graph", value_text(graph, value)));
  }
  for (const NodeId other : graph.consumers(value)) {
    if (other == reader) continue;
    return refuse(Reason::shared_intermediate,
                  fmt::format("{} is also read by {}", value_text(graph, value),
                              node_text(graph, graph.node(other))));
  }
  return admit();
}

std::string value_text(const Graph& graph, ValueId value) { return "%" + graph.value(value).name; }

}  // namespace fidelio
