// The table of faults, and the one that is planted.
#include "tests/catalogue/planted_fault.h"

#include <mutex>

#include "core/check.h"
#include "tests/catalogue/active_fault.h"
#include "tests/catalogue/step_notes.h"

namespace fidelio::catalogue {
namespace {

struct Planted {
  std::optional<ActiveFault> fault;
  std::mutex mutex;
  std::set<Harm> harm;
};

Planted& planted() {
  static Planted the_planted;
  return the_planted;
}

void plant(Op op, KernelTable& table) {
  switch (op) {
    case Op::gate_up_swiglu:
      table.gate_up_swiglu = bad_gate_up_swiglu;
      return;
    case Op::down_combine:
      table.down_combine = bad_down_combine;
      return;
    case Op::router_topk:
      table.router_topk = bad_router_topk;
      return;
    case Op::add_rms_norm:
      table.add_rms_norm = bad_add_rms_norm;
      return;
    case Op::linear:
      table.linear = bad_linear;
      return;
    case Op::add_bias:
      table.add_bias = bad_add_bias;
      return;
    case Op::rope:
      table.rope = bad_rope;
      return;
    case Op::kv_append:
      table.kv_append = bad_kv_append;
      return;
    case Op::attention:
      table.attention = bad_attention;
      return;
    case Op::short_conv:
      table.short_conv = bad_short_conv;
      return;
    default:
      check_failed("faults are planted in ops of the table", __FILE__, __LINE__);
  }
}

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
  using enum Op;
  static const std::vector<FaultKind> kinds = {
      {"none", "no harm: the twin of every other", {}, {}, ""},
      {"dropped_tail_lane",
       "the last elements of a sum are not added",
       {gate_up_swiglu, down_combine, add_rms_norm, linear},
       {{"elements", 1}},
       ""},
      {"one_ulp_scale",
       "a scale, or every result, is one ulp too large",
       {gate_up_swiglu, down_combine, router_topk, add_rms_norm, linear, attention},
       {},
       ""},
      {"neighbour_expert",
       "the next expert's weights, or its id",
       {gate_up_swiglu, down_combine, router_topk},
       {},
       ""},
      {"dropped_expert", "the weakest expert is left out", {down_combine}, {}, ""},
      {"swapped_weights", "the two strongest experts exchange weights", {router_topk}, {}, ""},
      {"missing_bias",
       "the projections' biases are not added",
       {add_bias, gate_up_swiglu, down_combine},
       {},
       ""},
      {"missing_group_bias", "affine groups lose their bias", {linear}, {}, ""},
      {"missing_selection_bias",
       "experts are chosen without the selection bias",
       {router_topk},
       {},
       ""},
      {"weighed_selection_bias",
       "the selection bias is left in the weights",
       {router_topk},
       {},
       ""},
      {"unclamped", "gate and up projection are not clamped", {gate_up_swiglu}, {}, ""},
      {"exchanged_rows",
       "gate_up_proj's even rows are taken for its odd ones",
       {gate_up_swiglu},
       {},
       ""},
      {"missing_sinks", "the softmax has no sink", {attention}, {}, ""},
      {"off_by_one_window",
       "a sliding window is longer, or shorter where negative",
       {attention},
       {{"by", -1}},
       ""},
      {"stale_conv_state", "the state is one step old", {short_conv}, {}, ""},
      {"wrong_epsilon", "another eps in the norm", {add_rms_norm}, {{"eps", 1e-4}}, ""},
      {"unrounded_sum", "the residual sum is normed before it is rounded", {add_rms_norm}, {}, ""},
      {"stale_kv_slot", "a slot keeps the keys and values of the one before", {kv_append}, {}, ""},
      {"off_by_one_position", "a neighbouring position's", {rope, attention}, {{"by", 1}}, ""},
      {"uninitialised_scratch",
       "workspace is read before it is written",
       {gate_up_swiglu, down_combine, router_topk, attention},
       {},
       ""},
      {"fma", "a product is not rounded before it is added", {rope}, {}, ""},
      {"no_fma", "a product is rounded before it is added", {down_combine}, {}, ""},
  };
  return kinds;
}

const FaultKind* find_fault_kind(const std::string& name) {
  for (const FaultKind& kind : fault_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

PlantedFault::PlantedFault(Fault fault, Trigger trigger, const KernelTable& good) : kernels_(good) {
  FIDELIO_CHECK(!planted().fault);
  if (fault.name != "none") plant(fault.op, kernels_);
  planted().fault = ActiveFault{std::move(fault), trigger, good};
  forget_harm();
}

PlantedFault::~PlantedFault() { planted().fault.reset(); }

std::set<Harm> PlantedFault::harm() const {
  const std::lock_guard lock(planted().mutex);
  return planted().harm;
}

void PlantedFault::forget_harm() {
  const std::lock_guard lock(planted().mutex);
  planted().harm.clear();
}

const ActiveFault& active() { return *planted().fault; }

void note_harm(int layer, const CallSite& call, std::size_t token) {
  const std::lock_guard lock(planted().mutex);
  planted().harm.emplace(layer, static_cast<std::int64_t>(call.n_tokens),
                         call.first_position + static_cast<std::int64_t>(token));
}

CallSite call_site(std::size_t n_tokens, const Share& share) {
  return {n_tokens, share.index, noted_position()};
}

float leftover(const Share& share) {
  float value = 0;
  std::memcpy(&value, share.workspace, sizeof value);
  return 0.0F * value;
}

}  // namespace fidelio::catalogue
