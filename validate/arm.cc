#include "validate/arm.h"

#include <algorithm>

#include "core/check.h"

namespace fidelio {
namespace {

/// Of the graph's rotations, which all have the same.
float attention_factor(const Graph& graph) {
  for (const Node& node : graph.nodes())
    if (node.op == Op::rope && node.has("attention_factor")) return node.number("attention_factor");
  return 1;
}

}  // namespace

RopeTable rope_table_for(const LoadedModel& model, std::size_t capacity) {
  const std::vector<float>& inv_freq = model.weights.vector("rope.inv_freq");
  return make_rope_table(inv_freq.data(), inv_freq.size(), capacity, attention_factor(model.graph));
}

Arm::Arm(std::string name, const LoadedModel& model, std::vector<const Patch*> patches,
         const KernelTable& kernels, ThreadTeam& team, const RopeTable& rope, ArmLimits limits)
    : name_(std::move(name)),
      model_(model),
      patches_(std::move(patches)),
      kernels_(kernels),
      rope_(rope),
      decoder_([this](std::size_t n_tokens) -> const Plan& { return *width_plan(n_tokens).plan; },
               kernels, team, Cache(model.graph, limits.capacity, limits.max_step),
               limits.max_step) {
  decoder_.on_step([this](std::size_t n_tokens) { ++widths_.at(n_tokens).steps; });
}

void Arm::leave(LeftToBaseline left) {
  FIDELIO_CHECK(widths_.empty());
  left_ = std::move(left);
  if (left_.kernels != nullptr) decoder_.run_elsewhere(left_.nodes, left_.kernels);
}

const WidthPlan& Arm::width_plan(std::size_t n_tokens) {
  const auto found = widths_.find(n_tokens);
  if (found != widths_.end()) return found->second;
  return widths_.emplace(n_tokens, make_plan(n_tokens)).first->second;
}

WidthPlan Arm::make_plan(std::size_t n_tokens) {
  Graph graph = model_.graph;
  PatchEnv env;
  env.n_tokens = static_cast<std::int64_t>(n_tokens);
  env.isa = kernels_.target;
  env.excluded_sites = left_.sites;
  WidthPlan made;
  made.reports = apply_all(patches_, graph, env);
  for (const auto& [width, other] : widths_) {
    if (other.plan->graph() == graph) {
      made.plan = other.plan;
      return made;
    }
  }
  made.plan = std::make_shared<const Plan>(std::move(graph), model_.weights, rope_);
  return made;
}

std::int64_t Arm::calls(const Patch& patch) const {
  std::int64_t total = 0;
  for (const auto& [width, width_plan] : widths_) {
    const std::vector<PlanNode>& nodes = width_plan.plan->nodes();
    total += width_plan.steps *
             std::count_if(nodes.begin(), nodes.end(),
                           [&](const PlanNode& node) { return info(node.op).name == patch.name; });
  }
  return total;
}

void Arm::describe(std::size_t n_tokens, NodeId node, FaultRecord& out) {
  const Graph& graph = width_plan(n_tokens).plan->graph();
  out.op = info(graph.node(node).op).name;
  out.site = graph.value(graph.node(node).outputs[0]).name;
  out.layer = graph.node(node).layer;
}

}  // namespace fidelio
