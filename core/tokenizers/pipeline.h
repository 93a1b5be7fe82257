// The tokenizers that tokenizer.json describes: added tokens, normalizer, pre-tokenizer, byte-pair
// encoding, post-processor, decoder. Each part is a file of its own beside this one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizers/added_tokens.h"
#include "core/tokenizers/bpe.h"
#include "core/tokenizers/normalizer.h"
#include "core/tokenizers/piece_decoder.h"
#include "core/tokenizers/pre_tokenizer.h"
#include "core/tokenizers/tokenizer_model.h"

namespace fidelio::tokenizers {

struct PipelineParts {
  AddedTokens added;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  PieceDecoder decoder;
  std::vector<std::int32_t> prompt_prefix;
  std::vector<std::int32_t> prompt_suffix;
  std::int32_t bos_id = -1;
  std::int32_t eos_id = -1;
};

class Pipeline : public TokenizerModel {
 public:
  explicit Pipeline(PipelineParts parts) : parts_(std::move(parts)) {}

  std::vector<std::int32_t> encode(std::string_view text, const Budget& budget) const override;
  std::span<const std::int32_t> prompt_prefix() const override { return parts_.prompt_prefix; }
  std::span<const std::int32_t> prompt_suffix() const override { return parts_.prompt_suffix; }
  std::string decode(std::span<const std::int32_t> ids) const override;
  std::unique_ptr<TextStream> stream() const override;
  std::string piece(std::int32_t id) const override;
  std::int64_t vocab_size() const override;
  std::int32_t bos_id() const override { return parts_.bos_id; }
  std::int32_t eos_id() const override { return parts_.eos_id; }

 private:
  friend class PipelineStream;
  void encode_part(std::string_view part, bool at_start, const Budget& budget,
                   std::vector<std::int32_t>& ids) const;
  /// What the decoder is fed for `id`; nullptr for an id that gives nothing.
  const std::string* decoded_piece(std::int32_t id) const;

  PipelineParts parts_;
};

}  // namespace fidelio::tokenizers
