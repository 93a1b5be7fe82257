// A GGUF file's metadata as the config.json that it stands for, so that a config has one meaning
// (core/config.h). Which tensors there are under which names is core/gguf/gguf_architecture.h's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/gguf/gguf_architecture.h"
#include "core/gguf/gguf_metadata.h"

namespace fidelio {

/// What the config needs to know of the tensors.
struct GgufTensorFacts {
  std::int64_t vocab_size = 0;           ///< rows of token_embd.weight
  bool has_head = false;                 ///< output.weight
  bool attention_bias = false;           ///< blk.0.attn_q.bias
  bool mlp_bias = false;                 ///< blk.0.ffn_gate.bias
  std::vector<float> rope_freq_factors;  ///< rope_freqs.weight; empty without it
};

struct GgufConfig {
  std::string text;                            ///< a JSON object
  std::map<std::string, std::string> sources;  ///< its keys -> the metadata keys they come from
};

/// The row of general.architecture. Throws UserError naming the supported ones for any other, and
/// for a file that is no model (general.type: an adapter, a projector, ...).
const GgufArchitecture& read_gguf_architecture(const GgufMetadata& metadata);

/// Throws UserError, naming file and key, for values of a wrong type, and for keys under the
/// architecture's name that are not known: what they change would be missing from the graph.
/// Ranges, absent keys and what families support are parse_config's to check.
GgufConfig make_gguf_config(const GgufMetadata& metadata, const GgufArchitecture& architecture,
                            const GgufTensorFacts& tensors);

}  // namespace fidelio
