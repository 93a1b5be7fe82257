#include "validate/fidelity/router_scores.h"

#include <algorithm>
#include <cmath>

namespace fidelio {
namespace {

double sigmoid(float x) { return 1 / (1 + std::exp(-static_cast<double>(x))); }

/// exp of the chosen logits, each divided by the sum over `among`.
std::vector<double> softmax_among(const float* x, std::span<const std::int32_t> chosen,
                                  std::span<const float> among) {
  const auto max = static_cast<double>(*std::max_element(among.begin(), among.end()));
  double sum = 0;
  for (const float z : among) sum += std::exp(static_cast<double>(z) - max);
  std::vector<double> weights;
  for (const std::int32_t e : chosen)
    weights.push_back(std::exp(static_cast<double>(x[e]) - max) / sum);
  return weights;
}

}  // namespace

std::vector<float> selection_scores(const PlanNode& node, const float* x) {
  std::vector<float> scores(x, x + node.inputs[0].width);
  const bool biased = node.op == Op::router_topk && node.vector != nullptr;
  for (std::size_t e = 0; biased && e < scores.size(); ++e)
    scores[e] = static_cast<float>(sigmoid(x[e])) + node.vector[e];
  return scores;
}

std::vector<double> weights_of(const PlanNode& node, const float* x,
                               std::span<const std::int32_t> experts) {
  std::vector<double> weights;
  std::vector<float> chosen;
  for (const std::int32_t e : experts) chosen.push_back(x[e]);
  if (node.op == Op::top_k) return {chosen.begin(), chosen.end()};
  if (node.order == RouterOrder::softmax_topk) {
    weights = softmax_among(x, experts, {x, node.inputs[0].width});
  } else if (node.order == RouterOrder::topk_softmax) {
    weights = softmax_among(x, experts, chosen);
  } else {
    for (const float z : chosen) weights.push_back(sigmoid(z));
  }
  double sum = 1;
  if (node.normalize) {
    sum = static_cast<double>(node.number);
    for (const double w : weights) sum += w;
  }
  for (double& w : weights) w *= static_cast<double>(node.factor) / sum;
  return weights;
}

}  // namespace fidelio
