#include "validate/fidelity/route_forcing.h"

#include <algorithm>
#include <limits>

#include "validate/fidelity/router_scores.h"

namespace fidelio {
namespace {

std::vector<std::int32_t> without(std::span<const std::int32_t> from,
                                  std::span<const std::int32_t> these) {
  std::vector<std::int32_t> rest;
  for (const std::int32_t id : from)
    if (std::find(these.begin(), these.end(), id) == these.end()) rest.push_back(id);
  std::sort(rest.begin(), rest.end());
  return rest;
}

}  // namespace

ValueId router_logits_of(const Graph& graph, const Node& node) {
  const Node& before = graph.node(graph.producer(node.inputs[0]));
  return before.op == Op::softmax ? before.inputs[0] : node.inputs[0];
}

/// Watches the patched arm in steps of one width.
class RouteForcing::Forcer : public NodeObserver {
 public:
  Forcer(RouteForcing& owner, const Graph& patched) : owner_(owner), patched_(patched) {}

  void after(const PlanNode& node, const StepMemory& memory) override {
    if (node.op != Op::top_k && node.op != Op::router_topk) return;
    const std::string& name = patched_.value(patched_.node(node.source).outputs[1]).name;
    const std::optional<ValueId> chosen = owner_.tape_.graph().find_value(name);
    if (!chosen) return;  // ids that the baseline does not have cannot be compared
    for (std::size_t t = 0; t < memory.n_tokens; ++t) force(node, memory, *chosen, t);
  }

  std::size_t first_position = 0;

 private:
  void force(const PlanNode& node, const StepMemory& memory, ValueId chosen, std::size_t token) {
    const std::size_t k = node.outputs[1].width;
    const auto expected = owner_.tape_.expert_ids(chosen).subspan(token * k, k);
    std::int32_t* ids = memory.integers(node.outputs[1]) + token * k;
    const std::vector<std::int32_t> left_out = without(expected, {ids, k});
    if (left_out.empty()) return;  // the same experts; their order changes a sum by rounding alone
    note(node, chosen, token, left_out, without({ids, k}, expected));
    const float* x = memory.floats(node.inputs[0]) + token * node.inputs[0].width;
    const std::vector<double> weights = weights_of(node, x, expected);
    std::copy(expected.begin(), expected.end(), ids);
    float* values = memory.floats(node.outputs[0]) + token * k;
    for (std::size_t i = 0; i < k; ++i) values[i] = static_cast<float>(weights[i]);
  }

  void note(const PlanNode& node, ValueId chosen, std::size_t token,
            const std::vector<std::int32_t>& left_out, const std::vector<std::int32_t>& taken) {
    const Graph& graph = owner_.tape_.graph();
    const ValueId value = router_logits_of(graph, graph.node(graph.producer(chosen)));
    const std::size_t width = owner_.tape_.width(value);
    const auto logits = owner_.tape_.floats(value).subspan(token * width, width);
    double high = -std::numeric_limits<double>::infinity();
    double low = std::numeric_limits<double>::infinity();
    for (const std::int32_t e : left_out)
      high = std::max(high, static_cast<double>(logits[static_cast<std::size_t>(e)]));
    for (const std::int32_t e : taken)
      low = std::min(low, static_cast<double>(logits[static_cast<std::size_t>(e)]));
    // Below 0 only where a softmax rounded two logits together and the lower id won.
    const double gap = std::max(0.0, high - low);
    RouteFlipRecord& flip = owner_.flips_[node.layer];
    flip.layer = node.layer;
    if (flip.count++ > 0 && gap <= flip.gap) return;
    flip.position = static_cast<std::int64_t>(first_position + token) -
                    static_cast<std::int64_t>(owner_.first_row_);
    flip.baseline_experts = left_out;
    flip.patched_experts = taken;
    flip.gap = gap;
  }

  RouteForcing& owner_;
  const Graph& patched_;
};

RouteForcing::RouteForcing(Arm& baseline, Arm& patched, std::size_t first_row)
    : patched_(patched), first_row_(first_row), tape_(baseline.width_plan(1).plan->graph()) {}

RouteForcing::~RouteForcing() = default;

Watchers RouteForcing::watch(std::size_t n_tokens, std::size_t first_position) {
  auto& forcer = forcers_[n_tokens];
  if (!forcer)
    forcer = std::make_unique<Forcer>(*this, patched_.width_plan(n_tokens).plan->graph());
  forcer->first_position = first_position;
  return {&tape_, forcer.get()};
}

std::vector<RouteFlipRecord> RouteForcing::flips() const {
  std::vector<RouteFlipRecord> flips;
  for (const auto& [layer, flip] : flips_) flips.push_back(flip);
  return flips;
}

}  // namespace fidelio
