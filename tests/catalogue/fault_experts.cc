// Faults of the experts' kernels: gate_up_swiglu and down_combine. Harm is done pair by pair, a
// pair being a token and one of its experts.
#include "kernels/contract.h"
#include "tests/catalogue/active_fault.h"
#include "tests/catalogue/step_notes.h"

namespace fidelio::catalogue {
namespace {

std::vector<float> without_tail(const float* x, std::size_t rows, std::size_t size,
                                std::size_t elements) {
  std::vector<float> out(x, x + rows * size);
  for (std::size_t r = 0; r < rows; ++r)
    std::fill(out.begin() + static_cast<std::ptrdiff_t>((r + 1) * size - elements),
              out.begin() + static_cast<std::ptrdiff_t>((r + 1) * size), 0.0F);
  return out;
}

/// A down_combine's inputs with the pairs that the trigger hits altered.
struct HarmedInputs {
  std::vector<std::int32_t> ids;
  std::vector<float> weights;
  std::vector<float> x;
};

HarmedInputs harmed_inputs(const DownCombineArgs& args, const CallSite& call) {
  const ActiveFault& f = active();
  const std::size_t n_pairs = args.n_tokens * args.top_k;
  const std::size_t inter = args.experts[0].cols;
  HarmedInputs in{{args.ids, args.ids + n_pairs},
                  {args.weights, args.weights + n_pairs},
                  {args.x, args.x + n_pairs * inter}};
  for (std::size_t p = 0; p < n_pairs; ++p) {
    if (!fires_at_token(f.trigger, call, p / args.top_k) ||
        !fires_at_expert(f.trigger, args.ids[p], args.n_experts))
      continue;
    const bool weakest = p % args.top_k == args.top_k - 1;
    if (f.is("neighbour_expert"))
      in.ids[p] =
          static_cast<std::int32_t>((static_cast<std::size_t>(args.ids[p]) + 1) % args.n_experts);
    if (f.is("one_ulp_scale")) in.weights[p] = one_ulp_up(args.weights[p]);
    if (f.is("dropped_expert") && weakest) in.weights[p] = 0;
    if (f.is("dropped_tail_lane")) {
      const auto end = in.x.begin() + static_cast<std::ptrdiff_t>((p + 1) * inter);
      std::fill(end - static_cast<std::ptrdiff_t>(f.count("elements")), end, 0.0F);
    }
  }
  return in;
}

/// The faults of one call's arguments.
void alter_swiglu(GateUpSwigluArgs& args) {
  const ActiveFault& f = active();
  if (f.is("missing_bias")) args.gate_bias = args.up_bias = nullptr;
  if (f.is("unclamped")) {
    const SwigluForm none;
    args.form.gate_max = none.gate_max;
    args.form.up_min = none.up_min;
    args.form.up_max = none.up_max;
  }
  if (f.is("exchanged_rows")) {
    std::swap(args.gate_proj, args.up_proj);
    std::swap(args.gate_bias, args.up_bias);
  }
}

/// The experts' products added to the sum after they were rounded.
float sum_without_fma(const DownCombineArgs& args, const CallSite& call, std::size_t t,
                      std::size_t row) {
  float acc = 0;
  for (std::size_t s = 0; s < args.top_k; ++s) {
    const std::size_t pair = t * args.top_k + s;
    float product =
        contract::dot_row(args.experts[args.ids[pair]], row, args.x + pair * args.experts[0].cols);
    if (args.bias != nullptr)
      product += args.bias[static_cast<std::size_t>(args.ids[pair]) * args.experts[0].rows + row];
    const bool harmed = fires_at_token(active().trigger, call, t) &&
                        fires_at_expert(active().trigger, args.ids[pair], args.n_experts);
    const float rounded = args.weights[pair] * product;
    acc = harmed ? acc + rounded : std::fma(args.weights[pair], product, acc);
  }
  return acc;
}

}  // namespace

void bad_gate_up_swiglu(const GateUpSwigluArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call = call_site(args.n_tokens, share);
  const std::size_t inter = args.gate_proj[0].rows;
  const std::size_t n_pairs = args.n_tokens * args.top_k;
  const float before = leftover(share);
  f.good.gate_up_swiglu(args, share);
  if (!fires_in_call(f.trigger, call)) return;

  GateUpSwigluArgs other = args;
  OwnCopy<float> y(n_pairs * inter);
  other.y = y.data();
  std::vector<float> x;
  std::vector<std::int32_t> ids(args.ids, args.ids + n_pairs);
  if (f.is("dropped_tail_lane")) {
    x = without_tail(args.x, args.n_tokens, args.gate_proj[0].cols, f.count("elements"));
    other.x = x.data();
  }
  if (f.is("neighbour_expert")) {
    for (std::int32_t& id : ids) id = (id + 1) % static_cast<std::int32_t>(args.n_experts);
    other.ids = ids.data();
  }
  alter_swiglu(other);
  f.good.gate_up_swiglu(other, share);

  const int layer = layer_of(parameter_at(args.gate_proj));
  for (std::size_t p = 0; p < n_pairs; ++p) {
    if (!fires_at_token(f.trigger, call, p / args.top_k) ||
        !fires_at_expert(f.trigger, args.ids[p], args.n_experts))
      continue;
    for (std::size_t i = p * inter; i < (p + 1) * inter; ++i) {
      if (y.mine(i) && f.is("one_ulp_scale")) y[i] = one_ulp_up(y[i]);
      if (y.mine(i) && f.is("uninitialised_scratch")) y[i] += before;
    }
    if (y.copy_to(args.y, p * inter, (p + 1) * inter)) note_harm(layer, call, p / args.top_k);
  }
}

void bad_down_combine(const DownCombineArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call = call_site(args.n_tokens, share);
  const std::size_t hidden = args.experts[0].rows;
  const float before = leftover(share);
  f.good.down_combine(args, share);
  if (!fires_in_call(f.trigger, call)) return;

  const HarmedInputs in = harmed_inputs(args, call);
  OwnCopy<float> y(args.n_tokens * hidden);
  f.good.down_combine(
      {args.experts, args.n_experts, in.x.data(), in.ids.data(), in.weights.data(), y.data(),
       args.n_tokens, args.top_k, f.is("missing_bias") ? nullptr : args.bias},
      share);

  const int layer = layer_of(parameter_at(args.experts));
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    bool hit = false;
    for (std::size_t s = 0; s < args.top_k; ++s)
      hit |= fires_at_token(f.trigger, call, t) &&
             fires_at_expert(f.trigger, args.ids[t * args.top_k + s], args.n_experts);
    if (!hit) continue;
    for (std::size_t i = t * hidden; i < (t + 1) * hidden; ++i) {
      if (y.mine(i) && f.is("no_fma")) y[i] = sum_without_fma(args, call, t, i % hidden);
      if (y.mine(i) && f.is("uninitialised_scratch")) y[i] += before;
    }
    if (y.copy_to(args.y, t * hidden, (t + 1) * hidden)) note_harm(layer, call, t);
  }
}

}  // namespace fidelio::catalogue
