// A projection of x with unit values keeps them at 1 when its weights deviate by 1/sqrt(columns).
// The projections back into the residual stream are made smaller by sqrt(layers), so that all
// branches together add about as much as the embedding brought.
#include "validate/synth/weight_spread.h"

#include <cmath>

namespace fidelio::synth {
namespace {

constexpr double kLogits = 2.0;
/// Enough that the chosen experts follow the token, little enough that none wins always.
constexpr double kRouterLogits = 1.5;
/// An average of values over a context is smaller than one value.
constexpr double kAfterAttention = 1.5;
/// Deviation of silu(g) u for g, u of deviation 1.
constexpr double kSwiglu = 0.6;
/// Share of the softmax over all experts that the chosen ones hold, where it is not made 1.
constexpr double kChosenShare = 0.8;

double of_branch(const ModelTensor& tensor, const Architecture& a) {
  const double into_residual = 1.0 / std::sqrt(static_cast<double>(a.num_hidden_layers));
  switch (tensor.part) {
    case Part::o_proj:
      return kAfterAttention * into_residual;
    case Part::conv_out:
      return std::sqrt(static_cast<double>(a.conv_taps)) * into_residual;
    case Part::down:
      return into_residual / kSwiglu;
    case Part::experts_down: {
      // A weighted mean over k experts is smaller by sqrt(k).
      const double mean = std::sqrt(static_cast<double>(a.top_k)) / kSwiglu;
      return mean * into_residual / (a.normalized_routing ? 1.0 : kChosenShare);
    }
    case Part::router:
      return kRouterLogits;
    case Part::head:
      return kLogits;
    default:
      return 1.0;
  }
}

double deviation_of(const ModelTensor& tensor, const Architecture& a) {
  switch (tensor.part) {
    case Part::embedding:
      return a.tied ? kLogits / std::sqrt(static_cast<double>(a.hidden_size)) : 1.0;
    case Part::sinks:
      return 1.0;
    case Part::conv_taps:
      return 1.0 / static_cast<double>(a.conv_taps);
    case Part::router_bias:
    case Part::expert_bias:
    case Part::q_bias:
    case Part::k_bias:
    case Part::v_bias:
    case Part::o_bias:
    case Part::experts_gate_bias:
    case Part::experts_up_bias:
    case Part::experts_down_bias:
      return 0.02;
    default:
      return of_branch(tensor, a) / std::sqrt(static_cast<double>(tensor.shape.back()));
  }
}

}  // namespace

Spread spread_of(const ModelTensor& tensor, const Architecture& architecture) {
  if (is_norm(tensor.part)) return {1.0F, 0.05F};
  return {0.0F, static_cast<float>(deviation_of(tensor, architecture))};
}

}  // namespace fidelio::synth
