#include "core/executor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/check.h"

namespace fidelio {
namespace {

bool makes_expert_ids(Op op) { return op == Op::top_k || op == Op::router_topk; }

}  // namespace

Executor::Executor(const KernelTable& kernels, ThreadTeam& team, std::size_t max_tokens,
                   std::size_t capacity)
    : kernels_(kernels), team_(team), max_tokens_(max_tokens), capacity_(capacity) {}

void Executor::prepare(const Plan& plan, const StepInput& step) {
  const std::size_t n_tokens = step.ids.size();
  FIDELIO_CHECK(n_tokens >= 1 && n_tokens <= max_tokens_ && step.n_wanted <= n_tokens);
  FIDELIO_CHECK(static_cast<std::size_t>(step.first_position) + n_tokens <= capacity_);
  const std::size_t floats = plan.value_floats(n_tokens, step.n_wanted);
  if (values_.size() < floats) values_.resize(floats);
  // A line between threads keeps them from sharing one.
  workspace_stride_ = plan.workspace_bytes(n_tokens, capacity_) + kCacheLine;
  const std::size_t bytes = team_.size() * workspace_stride_;
  if (workspace_.size() < bytes) workspace_.resize(bytes);
  positions_.resize(n_tokens);
  for (std::size_t t = 0; t < n_tokens; ++t)
    positions_[t] = step.first_position + static_cast<std::int32_t>(t);
  faults_.clear();
}

void Executor::fill_inputs(const Plan& plan, const StepInput& step) {
  FIDELIO_CHECK(step.inputs.size() == plan.inputs().size());
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const PlanValue& value = plan.inputs()[i];
    const std::size_t bytes = step.ids.size() * value.width * sizeof(float);
    FIDELIO_CHECK(step.inputs[i].size() == bytes);
    std::memcpy(values_.data() + value.offset * step.ids.size(), step.inputs[i].data(), bytes);
  }
}

const KernelTable& Executor::kernels_of(const Plan& plan, const PlanNode& node) const {
  if (elsewhere_.empty()) return kernels_;
  const std::vector<ValueId>& outputs = plan.graph().node(node.source).outputs;
  const bool all = std::all_of(outputs.begin(), outputs.end(), [&](ValueId output) {
    return elsewhere_.contains(plan.graph().value(output).name);
  });
  return all ? *other_kernels_ : kernels_;
}

std::span<const float> Executor::run(const Plan& plan, const StepInput& step, Cache& cache) {
  prepare(plan, step);
  fill_inputs(plan, step);
  team_.run([&](std::size_t thread) { run_nodes(plan, step, cache, thread); });
  if (step.n_wanted == 0) return {};
  const PlanValue& logits = plan.logits();
  const float* rows =
      values_.data() + plan.wanted_rows_begin(step.ids.size()) + logits.offset * step.n_wanted;
  return {rows, logits.width * step.n_wanted};
}

void Executor::run_nodes(const Plan& plan, const StepInput& step, Cache& cache,
                         std::size_t thread) {
  const std::size_t n_tokens = step.ids.size();
  const StepMemory memory{values_.data(), values_.data() + plan.wanted_rows_begin(n_tokens),
                          step.ids,       positions_.data(),
                          n_tokens,       step.n_wanted,
                          &cache};
  std::byte* workspace = workspace_.data() + thread * workspace_stride_;
  const Share shared{thread, team_.size(), workspace};
  const Share alone{0, 1, workspace};
  for (const PlanNode& node : plan.nodes()) {
    const bool wanted_rows_only = node.outputs[0].place == PlanValue::Place::per_wanted_row;
    if (wanted_rows_only && step.n_wanted == 0) break;
    const bool alone_here = runs_on_one_thread(node.op, n_tokens);
    const bool watched = checked_ || observer_ != nullptr;
    if (watched) {
      team_.barrier();
      if (observer_ != nullptr && thread == 0) observer_->before(node, memory);
      if (checked_) poison(node, memory, workspace, thread == 0);
      team_.barrier();
    } else if (n_tokens == 1 ? node.barrier_single : node.barrier_many) {
      team_.barrier();
    }
    if (!alone_here) {
      run_node(kernels_of(plan, node), node, memory, shared);
    } else if (thread == 0) {
      run_node(kernels_of(plan, node), node, memory, alone);
    }
    if (!watched && !makes_expert_ids(node.op)) continue;
    const bool all_there = alone_here && !watched;
    if (!all_there) team_.barrier();
    if (thread == 0) {
      inspect(node, n_tokens, step.n_wanted, plan);
      if (observer_ != nullptr) observer_->after(node, memory);
    }
    if (!all_there) team_.barrier();
  }
}

void Executor::poison(const PlanNode& node, const StepMemory& memory, std::byte* workspace,
                      bool outputs) const {
  constexpr auto kNan = std::byte{0xFF};  // as a float: NaN; as an expert id: impossible
  std::fill(workspace, workspace + workspace_stride_ - kCacheLine, kNan);
  if (!outputs) return;
  for (const PlanValue& output : node.outputs) {
    if (output.width == 0) continue;
    auto* begin = reinterpret_cast<std::byte*>(memory.floats(output));
    std::fill(begin, begin + memory.rows(output) * output.width * sizeof(float), kNan);
  }
}

void Executor::inspect(const PlanNode& node, std::size_t n_tokens, std::size_t n_wanted,
                       const Plan& plan) {
  float* wanted = values_.data() + plan.wanted_rows_begin(n_tokens);
  for (const PlanValue& output : node.outputs) {
    if (output.width == 0) continue;
    const bool by_wanted = output.place == PlanValue::Place::per_wanted_row;
    const std::size_t rows = by_wanted ? n_wanted : n_tokens;
    float* begin =
        by_wanted ? wanted + output.offset * n_wanted : values_.data() + output.offset * n_tokens;
    std::size_t faults = 0;
    if (output.is_float && checked_) {
      for (std::size_t i = 0; i < rows * output.width; ++i)
        faults += std::isfinite(begin[i]) ? 0 : 1;
    } else if (!output.is_float) {
      const auto n_experts = static_cast<std::uint32_t>(node.inputs[0].width);
      auto* ids = reinterpret_cast<std::uint32_t*>(begin);
      for (std::size_t i = 0; i < rows * output.width; ++i) {
        if (ids[i] < n_experts) continue;
        ids[i] = 0;
        ++faults;
      }
    }
    if (faults > 0) faults_.push_back({node.source, faults, !output.is_float});
  }
}

}  // namespace fidelio
