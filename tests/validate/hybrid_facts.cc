// Facts of LFM2, LFM2-MoE and GPT-OSS. Taken as no fact: the order of B and x in a convolution's
// in_proj, whose product is the same either way, and in the MXFP4 folders a limit of 7 below the
// gate, where its SiLU is zero to float32 (gpt_oss/float32 has a limit of 2.5).
#include <algorithm>

#include "tests/validate/fact_alterations.h"
#include "tests/validate/family_facts.h"

namespace fidelio::testing {

namespace {

const Node& producer_of(const Graph& graph, ValueId value) {
  return graph.node(graph.producer(value));
}

/// The weights of the chosen experts taken from the scores that chose them.
Fact bias_in_the_weights() {
  return in_graph("expert_bias in the weights", [](const Graph& graph, Node& node) {
    if (node.op == Op::take) node.inputs[0] = producer_of(graph, node.inputs[1]).inputs[0];
    return true;
  });
}

Fact sigmoid_as_softmax() {
  return in_graph("softmax instead of sigmoid", [](const Graph&, Node& node) {
    if (node.op == Op::sigmoid) node.op = Op::softmax;
    return true;
  });
}

/// Two of the three parts of in_proj exchanged.
Fact columns_exchanged(std::string name, std::int64_t a, std::int64_t b) {
  return in_graph(std::move(name), [a, b](const Graph&, Node& node) {
    for (auto& [key, value] : node.attributes) {
      if (node.op != Op::columns || key != "part") continue;
      const auto part = std::get<std::int64_t>(value);
      value = part == a ? b : part == b ? a : part;
    }
    return true;
  });
}

/// `change` may exchange the taps of one channel: first element, number of taps, bytes of each.
Fact taps(std::string name, void (*change)(char* first, std::size_t n, std::size_t bytes)) {
  return in_tensors(std::move(name), [change](const StoredTensor& tensor) {
    if (!tensor.name.ends_with("conv.conv.weight")) return false;
    const std::size_t bytes = tensor.element_bytes();
    const std::size_t n = std::max(tensor.shape[1], tensor.shape[2]);  // (C, 1, L) or (C, L, 1)
    for (std::size_t at = 0; at < tensor.bytes.size(); at += n * bytes) {
      change(tensor.bytes.data() + at, n, bytes);
    }
    return true;
  });
}

void reverse_taps(char* first, std::size_t n, std::size_t bytes) {
  for (std::size_t i = 0; i < n / 2; ++i) {
    std::swap_ranges(first + i * bytes, first + (i + 1) * bytes, first + (n - 1 - i) * bytes);
  }
}

/// The current token in its place, every earlier one where its successor should be.
void rotate_state(char* first, std::size_t n, std::size_t bytes) {
  std::rotate(first, first + bytes, first + (n - 1) * bytes);
}

void drop_first_tap(char* first, std::size_t, std::size_t bytes) {
  std::fill_n(first, bytes, '\0');
}

/// The clamps of the gate (no lower bound) or of the up projection, with bounds changed by
/// `change`.
Fact clamp(std::string name, bool of_gate, const std::function<bool(Node&)>& change) {
  return in_graph(std::move(name), [of_gate, change](const Graph&, Node& node) {
    return node.op != Op::clamp || node.has("min") == of_gate || change(node);
  });
}

bool drop(Node&) { return false; }

Fact window_in_the_other_layers() {
  return in_config("sliding_window in the other layers", [](ModelConfig& c) {
    if (c.sliding_window == 0) return;
    for (LayerType& type : c.layer_types) {
      type = type == LayerType::sliding_attention ? LayerType::full_attention
                                                  : LayerType::sliding_attention;
    }
  });
}

std::vector<Fact> yarn_facts() {
  using C = ModelConfig;
  const auto yarn = [](std::string name, void (*change)(RopeScaling&)) {
    return in_config(std::move(name), [change](C& c) {
      if (c.rope_scaling.type == RopeScaling::Type::yarn) change(c.rope_scaling);
    });
  };
  return {
      yarn("rope_scaling.truncate true", [](RopeScaling& s) { s.truncate = true; }),
      yarn("rope_scaling.beta_fast and beta_slow exchanged",
           [](RopeScaling& s) { std::swap(s.beta_fast, s.beta_slow); }),
      yarn("rope_scaling.beta_fast 1.5x", [](RopeScaling& s) { s.beta_fast *= 1.5F; }),
      yarn("rope_scaling.beta_slow 1.5x", [](RopeScaling& s) { s.beta_slow *= 1.5F; }),
      without_attribute("attention factor of YaRN dropped", Op::rope, "attention_factor"),
  };
}

std::vector<Fact> swiglu_facts() {
  return {
      clamp("limit of the gate ignored", true, drop),
      clamp("limit of the up projection ignored", false, drop),
      clamp("lower limit of the up projection ignored", false,
            [](Node& node) {
              std::erase_if(node.attributes, [](const auto& a) { return a.first == "min"; });
              return true;
            }),
      attribute("swiglu_alpha 1", Op::silu, "alpha", 1 / 1.702F),
      without("one added to the up projection dropped", Op::add_scalar),
      without("gate_proj.bias of the experts dropped", Op::add_expert_bias, "gate_proj"),
      without("up_proj.bias of the experts dropped", Op::add_expert_bias, "up_proj"),
      without("down_proj.bias of the experts dropped", Op::add_expert_bias, "down_proj"),
      without("router.bias dropped", Op::add_bias, "router"),
  };
}

}  // namespace

std::vector<Fact> lfm2_facts() {
  return {
      without("expert_bias dropped", Op::add_bias, "expert_bias"),
      bias_in_the_weights(),
      sigmoid_as_softmax(),
      without("sigmoid dropped", Op::sigmoid),
      without_attribute("1e-6 beside the sum of the weights dropped", Op::normalize, "eps"),
      without("routed_scaling_factor dropped", Op::mul_scalar),
      columns_exchanged("B and C of in_proj exchanged", 0, 1),
      columns_exchanged("C and x of in_proj exchanged", 1, 2),
      without("short convolution dropped", Op::short_conv),
      taps("taps of the convolution reversed", reverse_taps),
      taps("earlier tokens of the convolution in the wrong order", rotate_state),
      taps("conv_L_cache one less", drop_first_tap),
      without("q_layernorm dropped", Op::rms_norm, "q_layernorm"),
      without("k_layernorm dropped", Op::rms_norm, "k_layernorm"),
      attribute("eps of q_layernorm 10x", Op::rms_norm, "eps", 10.0F, "q_layernorm"),
      attribute("eps of k_layernorm 10x", Op::rms_norm, "eps", 10.0F, "k_layernorm"),
      without("embedding_norm dropped", Op::rms_norm, "embedding_norm"),
      exchanged("operator_norm and ffn_norm exchanged", "operator_norm", "ffn_norm"),
  };
}

std::vector<Fact> gpt_oss_facts() {
  std::vector<Fact> facts = yarn_facts();
  for (Fact& fact : swiglu_facts()) facts.push_back(std::move(fact));
  facts.push_back(window_in_the_other_layers());
  facts.push_back(in_graph("sinks dropped", [](const Graph&, Node& node) {
    if (node.op == Op::attention) node.params.clear();
    return true;
  }));
  return facts;
}

}  // namespace fidelio::testing
