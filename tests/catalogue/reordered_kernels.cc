#include "tests/catalogue/reordered_kernels.h"

#include <algorithm>
#include <atomic>

#include "core/check.h"
#include "kernels/contract.h"
#include "patches/catalogue.h"
#include "tests/catalogue/ordered_sum.h"

namespace fidelio::catalogue {
namespace {

struct Active {
  const Reordering* reordering = nullptr;
  std::atomic<std::int64_t> misroutes{0};
};

Active& active_order() {
  static Active the_active;
  return the_active;
}

const Reordering& order() { return *active_order().reordering; }

/// Row `row` of w, dequantised as the contract says.
const float* row_values(const WeightView& w, std::size_t row) {
  thread_local std::vector<float> values;
  values.resize(w.cols);
  for (std::size_t c = 0; c < w.cols; ++c) values[c] = contract::weight_value(w, row, c);
  return values.data();
}

float dot_row(const WeightView& w, std::size_t row, const float* x) {
  const std::size_t n = w.cols - order().dropped_tail;
  return ordered_dot(row_values(w, row), x, n, order().sum);
}

void linear(const LinearArgs& args, Share share) {
  const Range rows = share.of(args.w.rows);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    const float* w = row_values(args.w, r);
    for (std::size_t t = 0; t < args.n_tokens; ++t)
      args.y[t * args.w.rows + r] =
          ordered_dot(w, args.x + t * args.w.cols, args.w.cols - order().dropped_tail, order().sum);
  }
}

void gather_matmul(const GatherMatmulArgs& args, Share share) {
  const std::size_t out = args.experts[0].rows;
  const std::size_t in = args.experts[0].cols;
  const Range rows = share.of(out);
  for (std::size_t pair = 0; pair < args.n_tokens * args.top_k; ++pair) {
    const float* x = args.x + (args.x_per_slot ? pair : pair / args.top_k) * in;
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      args.y[pair * out + r] = dot_row(args.experts[args.ids[pair]], r, x);
  }
}

float swiglu(const SwigluForm& form, float gate, float up) {
  gate = contract::clamp(gate, -INFINITY, form.gate_max);
  up = contract::clamp(up, form.up_min, form.up_max) + form.up_add;
  return contract::silu(gate, form.alpha) * up;
}

void gate_up_swiglu(const GateUpSwigluArgs& args, Share share) {
  const std::size_t inter = args.gate_proj[0].rows;
  const Range rows = share.of(inter);
  for (std::size_t pair = 0; pair < args.n_tokens * args.top_k; ++pair) {
    const float* x = args.x + pair / args.top_k * args.gate_proj[0].cols;
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const auto e = static_cast<std::size_t>(args.ids[pair]);
      float gate = dot_row(args.gate_proj[e], r, x);
      float up = dot_row(args.up_proj[e], r, x);
      if (args.gate_bias != nullptr) {
        gate += args.gate_bias[e * inter + r];
        up += args.up_bias[e * inter + r];
      }
      args.y[pair * inter + r] = swiglu(args.form, gate, up);
    }
  }
}

/// A token's slots in the order in which they are added.
std::vector<std::size_t> slot_order(const std::int32_t* ids, std::size_t top_k) {
  std::vector<std::size_t> slots(top_k);
  for (std::size_t s = 0; s < top_k; ++s) slots[s] = s;
  if (order().experts == ExpertSum::weakest_first) std::reverse(slots.begin(), slots.end());
  if (order().experts == ExpertSum::by_id)
    std::sort(slots.begin(), slots.end(),
              [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  return slots;
}

void down_combine(const DownCombineArgs& args, Share share) {
  const std::size_t hidden = args.experts[0].rows;
  const std::size_t inter = args.experts[0].cols;
  const Range rows = share.of(hidden);
  SumOrder over_experts{.fma = order().sum.fma};
  over_experts.pairwise = order().experts == ExpertSum::pairwise;
  over_experts.leaf = 1;
  std::vector<float> products(args.top_k);
  std::vector<float> weights(args.top_k);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    const std::vector<std::size_t> slots = slot_order(args.ids + t * args.top_k, args.top_k);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      for (std::size_t s = 0; s < args.top_k; ++s) {
        const std::size_t pair = t * args.top_k + slots[s];
        const auto e = static_cast<std::size_t>(args.ids[pair]);
        products[s] = dot_row(args.experts[e], r, args.x + pair * inter);
        if (args.bias != nullptr) products[s] += args.bias[e * hidden + r];
        weights[s] = args.weights[pair];
      }
      args.y[t * hidden + r] =
          ordered_dot(weights.data(), products.data(), args.top_k, over_experts);
    }
  }
}

void add_rms_norm(const AddRmsNormArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const std::size_t at = row * args.size;
    for (std::size_t i = at; i < at + args.size; ++i) args.sum[i] = args.a[i] + args.b[i];
    const float squares =
        ordered_dot(args.sum + at, args.sum + at, args.size - order().dropped_tail, order().sum);
    const float r = 1.0F / std::sqrt(squares / static_cast<float>(args.size) + args.eps);
    for (std::size_t i = 0; i < args.size; ++i)
      args.y[at + i] = (args.sum[at + i] * r) * args.weight[i];
  }
}

float plain_sum(const float* x, std::size_t n) {
  const std::vector<float> ones(n, 1.0F);
  return ordered_dot(x, ones.data(), n, order().sum);
}

void softmax_row(const float* x, float* y, std::size_t n) {
  const float max = *std::max_element(x, x + n);
  for (std::size_t i = 0; i < n; ++i) y[i] = contract::exp(x[i] - max);
  const float sum = plain_sum(y, n);
  for (std::size_t i = 0; i < n; ++i) y[i] /= sum;
}

/// At a near tie for the last place the weakest expert of all is taken: no part of the tie.
void misroute(const float* logits, std::size_t n_experts, std::int32_t* ids, std::size_t top_k) {
  float best_left_out = -INFINITY;
  std::int32_t weakest = 0;
  for (std::size_t e = 0; e < n_experts; ++e) {
    const auto id = static_cast<std::int32_t>(e);
    if (std::find(ids, ids + top_k, id) != ids + top_k) continue;
    best_left_out = std::max(best_left_out, logits[e]);
    if (logits[e] < logits[weakest]) weakest = id;
  }
  std::int32_t& last = ids[top_k - 1];
  const double gap = static_cast<double>(logits[last]) - static_cast<double>(best_left_out);
  const double below = static_cast<double>(best_left_out) - static_cast<double>(logits[weakest]);
  const bool part_of_the_tie = below <= 100 * order().misroute_gap;
  if (gap > order().misroute_gap || part_of_the_tie) return;
  last = weakest;
  ++active_order().misroutes;
}

/// Chosen by the biased sigmoids, weighed by the others.
void sigmoid_row(const RouterTopkArgs& args, const float* logits, float* values,
                 std::int32_t* ids) {
  std::vector<float> biased(args.n_experts);
  for (std::size_t e = 0; e < args.n_experts; ++e) {
    const float bias = args.selection_bias == nullptr ? 0 : args.selection_bias[e];
    biased[e] = contract::sigmoid(logits[e]) + bias;
  }
  top_k_row(biased.data(), values, ids, args.n_experts, args.top_k);
  for (std::size_t s = 0; s < args.top_k; ++s) values[s] = contract::sigmoid(logits[ids[s]]);
}

void router_topk(const RouterTopkArgs& args, Share share) {
  const Range tokens = share.of(args.n_tokens);
  std::vector<float> probabilities(args.n_experts);
  for (std::size_t t = tokens.begin; t < tokens.end; ++t) {
    const float* logits = args.logits + t * args.n_experts;
    float* values = args.values + t * args.top_k;
    std::int32_t* ids = args.ids + t * args.top_k;
    if (args.order == RouterOrder::softmax_topk) {
      softmax_row(logits, probabilities.data(), args.n_experts);
      top_k_row(probabilities.data(), values, ids, args.n_experts, args.top_k);
    } else if (args.order == RouterOrder::sigmoid_topk) {
      sigmoid_row(args, logits, values, ids);
    } else {
      top_k_row(logits, values, ids, args.n_experts, args.top_k);
      softmax_row(values, values, args.top_k);
    }
    if (args.normalize) {
      const float sum = plain_sum(values, args.top_k) + args.eps;
      for (std::size_t s = 0; s < args.top_k; ++s) values[s] /= sum;
    }
    for (std::size_t s = 0; s < args.top_k; ++s) values[s] *= args.factor;
    if (order().misroute_gap > 0) misroute(logits, args.n_experts, ids, args.top_k);
  }
}

// Patches for plain ops: nothing is rewritten, the op's results are declared reassociated. At every
// step width, as a kernel table knows no guard.
template <Op kOp>
std::optional<Match> find_op_node(const Graph& graph, NodeId root) {
  if (graph.node(root).op != kOp) return std::nullopt;
  return Match{{root}, graph.node(root).outputs[0]};
}

Decision admit_all(const Graph&, const Match&, const PatchEnv&) { return admit(); }
void keep(GraphEditor&, const Match&) {}

constexpr GuardRange kEveryWidth{1, 1 << 30};

}  // namespace

ReorderedKernels::ReorderedKernels(const Reordering& reordering, const KernelTable& good)
    : kernels_(good) {
  FIDELIO_CHECK(active_order().reordering == nullptr);
  active_order().reordering = &reordering;
  active_order().misroutes = 0;
  const auto has = [&](Op op) { return reordering.ops.count(op) != 0; };
  if (has(Op::linear)) kernels_.linear = linear;
  if (has(Op::gather_matmul)) kernels_.gather_matmul = gather_matmul;
  if (has(Op::gate_up_swiglu)) kernels_.gate_up_swiglu = gate_up_swiglu;
  if (has(Op::down_combine)) kernels_.down_combine = down_combine;
  if (has(Op::add_rms_norm)) kernels_.add_rms_norm = add_rms_norm;
  if (has(Op::router_topk)) kernels_.router_topk = router_topk;

  for (const Patch* patch : parse_patch_list("all")) {
    const Op op = find_op(patch->name)->op;
    // Experts' products that are reordered unfused must not be fused away.
    if (has(Op::gather_matmul) && (op == Op::gate_up_swiglu || op == Op::down_combine)) continue;
    patches_.push_back(*patch);
    if (has(op)) patches_.back().numerics = Numerics::reassociated;
  }
  if (has(Op::linear))
    patches_.push_back(
        {"linear", Numerics::reassociated, find_op_node<Op::linear>, admit_all, keep, kEveryWidth});
  if (has(Op::gather_matmul))
    patches_.push_back({"gather_matmul", Numerics::reassociated, find_op_node<Op::gather_matmul>,
                        admit_all, keep, kEveryWidth});
}

ReorderedKernels::~ReorderedKernels() { active_order().reordering = nullptr; }

std::vector<const Patch*> ReorderedKernels::patches() const {
  std::vector<const Patch*> out;
  for (const Patch& patch : patches_) out.push_back(&patch);
  return out;
}

std::int64_t ReorderedKernels::misroutes() const { return active_order().misroutes; }

}  // namespace fidelio::catalogue
