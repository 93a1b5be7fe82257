// Faults of dense projections: linear and add_bias.
#include <algorithm>

#include "tests/catalogue/active_fault.h"
#include "tests/catalogue/step_notes.h"

namespace fidelio::catalogue {
namespace {

/// The call that a projection is part of. The output head sees the step's last rows only, and
/// `skipped` is how many came before them.
CallSite linear_call(const LinearArgs& args, const Share& share, bool is_head,
                     std::size_t* skipped) {
  CallSite call = call_site(args.n_tokens, share);
  *skipped = 0;
  if (!is_head || args.n_tokens >= noted_width()) return call;
  *skipped = noted_width() - args.n_tokens;
  call.n_tokens = noted_width();
  return call;
}

}  // namespace

void bad_linear(const LinearArgs& args, Share share) {
  const ActiveFault& f = active();
  f.good.linear(args, share);
  const std::string name = parameter_at(args.w.data);
  std::size_t skipped = 0;
  const CallSite call = linear_call(args, share, layer_of(name) < 0, &skipped);
  if (!fires_in_call(f.trigger, call) || name.find(f.fault.matrix) == std::string::npos) return;

  LinearArgs other = args;
  OwnCopy<float> y(args.n_tokens * args.w.rows);
  other.y = y.data();
  std::vector<float> x(args.x, args.x + args.n_tokens * args.w.cols);
  if (f.is("dropped_tail_lane")) {
    for (std::size_t t = 1; t <= args.n_tokens; ++t) {
      const auto end = x.begin() + static_cast<std::ptrdiff_t>(t * args.w.cols);
      std::fill(end - static_cast<std::ptrdiff_t>(f.count("elements")), end, 0.0F);
    }
    other.x = x.data();
  }
  std::vector<std::byte> no_biases;
  if (f.is("missing_group_bias") && args.w.group_size != 0) {
    no_biases.resize(args.w.rows * args.w.scale_stride);
    other.w.biases = no_biases.data();
  }
  f.good.linear(other, share);

  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    if (!fires_at_token(f.trigger, call, skipped + t)) continue;
    const std::size_t begin = t * args.w.rows;
    for (std::size_t i = begin; i < begin + args.w.rows; ++i)
      if (f.is("one_ulp_scale") && y.mine(i)) y[i] = one_ulp_up(y[i]);
    if (y.copy_to(args.y, begin, begin + args.w.rows)) note_harm(layer_of(name), call, skipped + t);
  }
}

void bad_add_bias(const AddBiasArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call = call_site(args.n_rows, share);
  // The harmed rows come first: the good kernel may write over its input.
  OwnCopy<float> y(args.n_rows * args.size);
  const std::vector<float> no_bias(args.size);
  AddBiasArgs other = args;
  other.bias = no_bias.data();
  other.y = y.data();
  if (fires_in_call(f.trigger, call)) f.good.add_bias(other, share);
  f.good.add_bias(args, share);

  const int layer = layer_of(parameter_at(args.bias));
  for (std::size_t t = 0; t < args.n_rows; ++t) {
    if (!fires_at_token(f.trigger, call, t)) continue;
    if (y.copy_to(args.y, t * args.size, (t + 1) * args.size)) note_harm(layer, call, t);
  }
}

}  // namespace fidelio::catalogue
