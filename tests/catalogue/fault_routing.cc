// Faults of the router and of the norm behind the residual sum.
#include <algorithm>

#include "kernels/contract.h"
#include "tests/catalogue/active_fault.h"
#include "tests/catalogue/step_notes.h"

namespace fidelio::catalogue {
namespace {

bool hits(const RouterTopkArgs& args, const std::int32_t* ids) {
  bool hit = false;
  for (std::size_t s = 0; s < args.top_k; ++s)
    hit |= fires_at_expert(active().trigger, ids[s], args.n_experts);
  return hit;
}

/// One token's weights with the selection bias in them, in the order of the router's own steps.
void weigh_with_bias(const RouterTopkArgs& args, const float* logits, const std::int32_t* ids,
                     float* values) {
  float sum = 0;
  for (std::size_t s = 0; s < args.top_k; ++s) {
    const auto e = static_cast<std::size_t>(ids[s]);
    values[s] = contract::sigmoid(logits[e]) + args.selection_bias[e];
    sum += values[s];
  }
  for (std::size_t s = 0; s < args.top_k; ++s) {
    if (args.normalize) values[s] /= sum + args.eps;
    values[s] *= args.factor;
  }
}

/// One token's routing, harmed where the trigger hits one of its slots.
void harm_routing(const RouterTopkArgs& args, float before, float* values, std::int32_t* ids) {
  const ActiveFault& f = active();
  const auto n_experts = static_cast<std::int32_t>(args.n_experts);
  bool hit = false;
  for (std::size_t s = 0; s < args.top_k; ++s) {
    if (!fires_at_expert(f.trigger, ids[s], args.n_experts)) continue;
    hit = true;
    if (f.is("one_ulp_scale")) values[s] = one_ulp_up(values[s]);
    if (f.is("neighbour_expert")) ids[s] = (ids[s] + 1) % n_experts;
    if (f.is("uninitialised_scratch")) values[s] += before;
  }
  if (hit && f.is("swapped_weights")) std::swap(values[0], values[1]);
}

/// The norm of one row with the fault in it, in the contract's order; `tail` elements stay out of
/// the sum of squares.
void norm_row(const AddRmsNormArgs& args, std::size_t row, std::size_t tail, bool rounded,
              float* y) {
  const std::size_t at = row * args.size;
  float acc[contract::kLanes] = {};
  std::vector<double> sums(args.size);
  for (std::size_t i = 0; i < args.size; ++i) {
    const double exact = static_cast<double>(args.a[at + i]) + static_cast<double>(args.b[at + i]);
    sums[i] = rounded ? static_cast<double>(static_cast<float>(exact)) : exact;
    if (i + tail >= args.size) continue;
    float& lane = acc[i % contract::kLanes];
    lane = static_cast<float>(sums[i] * sums[i] + static_cast<double>(lane));
  }
  const float mean = contract::reduce_lanes(acc) / static_cast<float>(args.size);
  const float r = 1.0F / std::sqrt(mean + args.eps);
  for (std::size_t i = 0; i < args.size; ++i)
    y[at + i] = static_cast<float>(sums[i] * static_cast<double>(r)) * args.weight[i];
}

}  // namespace

void bad_router_topk(const RouterTopkArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call = call_site(args.n_tokens, share);
  const float before = leftover(share);
  f.good.router_topk(args, share);
  if (!fires_in_call(f.trigger, call)) return;

  const std::size_t k = args.top_k;
  OwnCopy<float> values(args.n_tokens * k);
  OwnCopy<std::int32_t> ids(args.n_tokens * k);
  RouterTopkArgs other = args;
  other.values = values.data();
  other.ids = ids.data();
  if (f.is("missing_selection_bias")) other.selection_bias = nullptr;
  f.good.router_topk(other, share);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    if (!ids.mine(t * k) || !fires_at_token(f.trigger, call, t)) continue;
    if (!hits(args, args.ids + t * k)) continue;
    if (f.is("weighed_selection_bias"))
      weigh_with_bias(args, args.logits + t * args.n_experts, ids.data() + t * k,
                      values.data() + t * k);
    harm_routing(args, before, values.data() + t * k, ids.data() + t * k);
    const bool weights_changed = values.copy_to(args.values, t * k, (t + 1) * k);
    const bool ids_changed = ids.copy_to(args.ids, t * k, (t + 1) * k);
    if (weights_changed || ids_changed) note_harm(noted_layer(), call, t);
  }
}

void bad_add_rms_norm(const AddRmsNormArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call = call_site(args.n_rows, share);
  // The harmed rows come first: the good kernel may write its sum over an input.
  const std::size_t n = args.n_rows * args.size;
  OwnCopy<float> sum(n);
  OwnCopy<float> y(n);
  if (fires_in_call(f.trigger, call)) {
    const float eps = f.is("wrong_epsilon") ? static_cast<float>(f.number("eps")) : args.eps;
    f.good.add_rms_norm(
        {args.a, args.b, args.weight, sum.data(), y.data(), args.n_rows, args.size, eps}, share);
    for (std::size_t row = 0; row < args.n_rows; ++row) {
      if (!y.mine(row * args.size)) continue;
      if (f.is("dropped_tail_lane")) norm_row(args, row, f.count("elements"), true, y.data());
      if (f.is("unrounded_sum")) norm_row(args, row, 0, false, y.data());
    }
  }
  f.good.add_rms_norm(args, share);

  const int layer = layer_of(parameter_at(args.weight));
  for (std::size_t row = 0; row < args.n_rows; ++row) {
    if (!y.mine(row * args.size) || !fires_at_token(f.trigger, call, row)) continue;
    for (std::size_t i = row * args.size; i < (row + 1) * args.size; ++i)
      if (f.is("one_ulp_scale")) y[i] = one_ulp_up(y[i]);
    if (y.copy_to(args.y, row * args.size, (row + 1) * args.size)) note_harm(layer, call, row);
  }
}

}  // namespace fidelio::catalogue
