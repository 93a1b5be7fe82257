// The facts of the families, each with a way to get it wrong: one change of the config, of the
// graph or of the checkpoint's tensors. sensitivity_test.cc asks whether the logits notice.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/graph.h"
#include "tests/support/altered_checkpoint.h"

namespace fidelio::testing {

/// A fact and how to get it wrong. One that leaves graph and tensors as they are concerns a fact
/// that the family does not have.
struct Fact {
  std::string name;
  std::function<Graph(ModelConfig)> build;  ///< the altered graph
  TensorEdit edit = {};                     ///< the altered tensors, or none
};

/// Of decoders in general: rotation, norms, windows, heads, biases.
std::vector<Fact> decoder_facts();
/// Of routers and experts.
std::vector<Fact> expert_facts();
/// Of LFM2's and LFM2-MoE's convolutions and norms.
std::vector<Fact> lfm2_facts();
/// Of GPT-OSS: sinks, its SwiGLU, YaRN.
std::vector<Fact> gpt_oss_facts();

std::vector<Fact> all_facts();

}  // namespace fidelio::testing
