// The architectures of GGUF files that are read, and what each calls the tensors that a Hugging
// Face checkpoint of the same family has under other names. Its metadata keys are
// core/gguf/gguf_config.h's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fidelio {

/// One tensor's two names, without what stands around them: "blk.N." and "model.layers.N." before
/// names in blocks, and the same ".weight" or ".bias" behind both unless the row spells it.
struct GgufTensorName {
  std::string_view stored;      ///< "attn_q"
  std::string_view checkpoint;  ///< "self_attn.q_proj"
};

struct GgufArchitecture {
  std::string_view name;                  ///< general.architecture
  std::string_view model_type;            ///< of the config.json that it stands for
  bool has_experts;                       ///< expert_count > 0; tells two rows of one name apart
  bool rope_traditional;                  ///< q and k rows are stored for rotation of neighbours
  std::span<const GgufTensorName> whole;  ///< of the model: embedding, final norm, head
  std::span<const GgufTensorName> block;

  /// "blk.0.attn_q.weight" -> "model.layers.0.self_attn.q_proj.weight"; nullopt for a name that the
  /// tables do not have.
  std::optional<std::string> checkpoint_name(std::string_view stored) const;
  /// The way back.
  std::optional<std::string> stored_name(std::string_view checkpoint) const;
};

/// nullptr for an architecture that is not read.
const GgufArchitecture* find_gguf_architecture(std::string_view name, bool has_experts);

/// Their names, for messages: "gpt-oss, lfm2, ...".
std::string gguf_architecture_names();

}  // namespace fidelio
