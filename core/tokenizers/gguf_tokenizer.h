// The tokenizer that a GGUF file's metadata holds (tokenizer.ggml.*). What such a tokenizer does is
// done by the same parts as for Hugging Face's files: a tokenizer.json's pipeline, or
// sentencepiece.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/gguf/gguf_metadata.h"
#include "core/tokenizers/tokenizer_model.h"

namespace fidelio::tokenizers {

/// The metadata key of the vocabulary.
inline constexpr const char* kGgufTokens = "tokenizer.ggml.tokens";

/// What every kind of tokenizer has in the metadata.
struct GgufVocabulary {
  /// The numbers are the file format's.
  enum class Kind : std::uint8_t { normal = 1, unknown, control, user_defined, unused, byte };

  std::vector<std::string> tokens;  ///< one an id; well-formed UTF-8, not empty
  std::vector<Kind> kinds;          ///< as many
  std::optional<std::int32_t> bos_id;
  std::optional<std::int32_t> eos_id;
  std::optional<std::int32_t> unknown_id;
  std::optional<bool> add_bos;
  bool add_eos = false;
};

/// nullptr for a file without a tokenizer. Throws UserError, naming file, key, found and expected,
/// for kinds of tokenizers that are not implemented and for vocabularies that contradict
/// themselves.
std::unique_ptr<TokenizerModel> tokenizer_of_gguf(const GgufMetadata& metadata);

/// `tokenizer.ggml.model` "gpt2": byte-level byte-pair encoding; `tokenizer.ggml.pre` names how
/// texts are cut before it.
std::unique_ptr<TokenizerModel> bpe_of_gguf(const GgufMetadata& metadata,
                                            const GgufVocabulary& vocabulary);

/// `tokenizer.ggml.model` "llama": sentencepiece's byte-pair encoding by score.
std::unique_ptr<TokenizerModel> sentencepiece_of_gguf(const GgufMetadata& metadata,
                                                      const GgufVocabulary& vocabulary);

}  // namespace fidelio::tokenizers
