// From config.json to the unfused graph of a model: one builder a family, in a visible table.
#pragma once

#include "core/config.h"
#include "core/graph.h"

namespace fidelio {

/// The graph of `config.model_type`, in the order and shapes of the published model: inputs %ids
/// and %positions [M], output the logits [L, vocab_size]. The config has been checked by
/// read_config.
Graph build_graph(const ModelConfig& config);

// One builder a family, each in its own file.
Graph build_gpt_oss(const ModelConfig& config);
Graph build_lfm2(const ModelConfig& config);
Graph build_lfm2_moe(const ModelConfig& config);
Graph build_llama(const ModelConfig& config);
Graph build_mixtral(const ModelConfig& config);
Graph build_olmoe(const ModelConfig& config);
Graph build_qwen2(const ModelConfig& config);
Graph build_qwen3(const ModelConfig& config);
Graph build_qwen3_moe(const ModelConfig& config);

}  // namespace fidelio
