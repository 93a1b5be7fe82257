#include "core/tokenizers/pipeline.h"

#include <algorithm>

namespace fidelio::tokenizers {

class PipelineStream : public TextStream {
 public:
  explicit PipelineStream(const Pipeline& pipeline)
      : pipeline_(pipeline), chain_(pipeline.parts_.decoder.start()) {}

  std::string feed(std::int32_t id) override {
    if (const std::string* piece = pipeline_.decoded_piece(id)) chain_.feed(*piece);
    return chain_.take();
  }
  std::string finish() override {
    chain_.finish();
    return chain_.take();
  }

 private:
  const Pipeline& pipeline_;
  PieceChain chain_;
};

std::vector<std::int32_t> Pipeline::encode(std::string_view text, const Budget& budget) const {
  std::vector<std::int32_t> ids;
  for (const AddedTokens::Part& part : parts_.added.cut_raw(text, budget)) {
    if (part.id) {
      ids.push_back(*part.id);
    } else {
      encode_part(text.substr(part.range.begin, part.range.end - part.range.begin),
                  part.range.begin == 0, budget, ids);
    }
  }
  return ids;
}

void Pipeline::encode_part(std::string_view part, bool at_start, const Budget& budget,
                           std::vector<std::int32_t>& ids) const {
  const std::string text = parts_.normalizer.apply(part, budget);
  for (const AddedTokens::Part& piece : parts_.added.cut_normalized(text, budget)) {
    if (piece.id) {
      ids.push_back(*piece.id);
      continue;
    }
    Word whole{text.substr(piece.range.begin, piece.range.end - piece.range.begin),
               at_start && piece.range.begin == 0};
    for (const Word& word : parts_.pre_tokenizer.apply(std::move(whole), budget)) {
      parts_.bpe.encode(word.text, ids);
    }
  }
}

const std::string* Pipeline::decoded_piece(std::int32_t id) const {
  const std::string* text = parts_.added.text_of(id);
  if (text == nullptr) text = parts_.bpe.vocabulary().token(id);
  return text == nullptr || parts_.added.is_special(*text) ? nullptr : text;
}

std::string Pipeline::decode(std::span<const std::int32_t> ids) const {
  PieceChain chain = parts_.decoder.start();
  for (const std::int32_t id : ids) {
    if (const std::string* piece = decoded_piece(id)) chain.feed(*piece);
  }
  chain.finish();
  return chain.take();
}

std::unique_ptr<TextStream> Pipeline::stream() const {
  return std::make_unique<PipelineStream>(*this);
}

std::string Pipeline::piece(std::int32_t id) const {
  const std::string* text = parts_.added.text_of(id);
  if (text == nullptr) text = parts_.bpe.vocabulary().token(id);
  return text == nullptr ? std::string() : *text;
}

std::int64_t Pipeline::vocab_size() const {
  return std::max(parts_.bpe.vocabulary().id_bound(), parts_.added.id_bound());
}

}  // namespace fidelio::tokenizers
