// Facts of decoders in general and of experts. What LFM2 and GPT-OSS have of their own is
// hybrid_facts.cc.
#include "tests/validate/family_facts.h"

#include "tests/validate/fact_alterations.h"

namespace fidelio::testing {

namespace {

std::vector<Fact> config_facts() {
  using C = ModelConfig;
  return {
      in_config("rope_theta halved", [](C& c) { c.rope_theta /= 2; }),
      in_config("rope_scaling ignored", [](C& c) { c.rope_scaling = {}; }),
      in_config("rope_scaling.factor doubled", [](C& c) { c.rope_scaling.factor *= 2; }),
      in_config("rope_scaling.low_freq_factor 1.5x",
                [](C& c) { c.rope_scaling.low_freq_factor *= 1.5F; }),
      in_config("rope_scaling.high_freq_factor 1.5x",
                [](C& c) { c.rope_scaling.high_freq_factor *= 1.5F; }),
      in_config("rope_scaling.original_max_position_embeddings doubled",
                [](C& c) { c.rope_scaling.original_max_position_embeddings *= 2; }),
      in_config("rotation order: halves and neighbours exchanged",
                [](C& c) { c.rope_traditional = !c.rope_traditional; }),
      in_config("rms_norm_eps 10x", [](C& c) { c.rms_norm_eps *= 10; }),
      in_config("rms_norm_eps / 10", [](C& c) { c.rms_norm_eps /= 10; }),
      in_config("sliding_window one less", [](C& c) { c.sliding_window -= c.sliding_window > 0; }),
      in_config("sliding_window one more", [](C& c) { c.sliding_window += c.sliding_window > 0; }),
      in_config("sliding_window ignored", [](C& c) { c.sliding_window = 0; }),
      in_config("sliding_window in every layer",
                [](C& c) {
                  if (c.sliding_window > 0)
                    c.layer_types.assign(c.layer_types.size(), LayerType::sliding_attention);
                }),
      in_config("head tied to the embedding", [](C& c) { c.tie_word_embeddings = true; }),
  };
}

std::vector<Fact> graph_facts() {
  return {
      attribute("attention scale of twice the head_dim", Op::attention, "scale", 0.70710678F),
      without("q_norm dropped", Op::rms_norm, "q_norm"),
      without("k_norm dropped", Op::rms_norm, "k_norm"),
      without("final norm dropped", Op::rms_norm, "model.norm"),
      without("silu dropped", Op::silu),
      without("no rotation", Op::rope),
      without("q_proj.bias dropped", Op::add_bias, "q_proj"),
      without("k_proj.bias dropped", Op::add_bias, "k_proj"),
      without("v_proj.bias dropped", Op::add_bias, "v_proj"),
      without("o_proj.bias dropped", Op::add_bias, "o_proj"),
      without("gate_proj.bias dropped", Op::add_bias, "gate_proj"),
      without("up_proj.bias dropped", Op::add_bias, "up_proj"),
      without("down_proj.bias dropped", Op::add_bias, "down_proj"),
      exchanged("the two layer norms exchanged", "input_layernorm", "post_attention_layernorm"),
  };
}

}  // namespace

std::vector<Fact> decoder_facts() {
  std::vector<Fact> facts = config_facts();
  for (Fact& fact : graph_facts()) facts.push_back(std::move(fact));
  return facts;
}

std::vector<Fact> expert_facts() {
  using C = ModelConfig;
  return {
      in_config("norm_topk_prob inverted",
                [](C& c) {
                  if (c.num_experts > 0) c.norm_topk_prob = !c.norm_topk_prob;
                }),
      in_config("top-k one less", [](C& c) { c.num_experts_per_tok -= c.num_experts_per_tok > 1; }),
      without("softmax of the router dropped", Op::softmax),
      exchanged("gate_proj and up_proj exchanged", "gate_proj", "up_proj"),
      exchanged("w1 and w3 exchanged", ".w1", ".w3"),
  };
}

std::vector<Fact> all_facts() {
  std::vector<Fact> all;
  for (const auto& part : {decoder_facts, expert_facts, lfm2_facts, gpt_oss_facts}) {
    for (Fact& fact : part()) all.push_back(std::move(fact));
  }
  return all;
}

}  // namespace fidelio::testing
