// Which file of a folder is its tokenizer. Everything else is in core/tokenizers/.
#include "core/tokenizer.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "core/quote.h"
#include "core/tokenizers/budget.h"
#include "core/tokenizers/sentencepiece_model.h"
#include "core/tokenizers/settings.h"
#include "core/tokenizers/tokenizer_json.h"
#include "core/tokenizers/tokenizer_model.h"
#include "core/tokenizers/utf8.h"
#include "core/tokenizers/vocab_merges.h"
#include "core/user_error.h"

namespace fidelio {

std::optional<Tokenizer> Tokenizer::open(const std::filesystem::path& dir) {
  const auto has = [&](const char* name) {
    std::error_code error;
    return std::filesystem::exists(dir / name, error);
  };
  if (has("tokenizer.json")) {
    const std::filesystem::path file = dir / "tokenizer.json";
    return Tokenizer({file}, tokenizers::open_tokenizer_json(file, tokenizers::read_settings(dir)));
  }
  if (has("tokenizer.model")) {
    const std::filesystem::path file = dir / "tokenizer.model";
    return Tokenizer({file}, tokenizers::open_sentencepiece(file, tokenizers::read_settings(dir)));
  }
  if (has("vocab.json") && has("merges.txt")) {
    return Tokenizer({dir / "vocab.json", dir / "merges.txt"},
                     tokenizers::open_vocab_merges(dir, tokenizers::read_settings(dir)));
  }
  return std::nullopt;
}

Tokenizer Tokenizer::open_file(const std::filesystem::path& file) {
  return Tokenizer({file}, tokenizers::open_sentencepiece(file, tokenizers::Settings{}));
}

Tokenizer::Tokenizer(std::vector<std::filesystem::path> files,
                     std::unique_ptr<tokenizers::TokenizerModel> model)
    : files_(std::move(files)), model_(std::move(model)) {}

Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  if (const auto offset = tokenizers::find_invalid_utf8(text)) {
    throw UserError(fmt::format("the text: found byte 0x{:02x} at offset {}, expected UTF-8",
                                static_cast<unsigned char>(text[*offset]), *offset));
  }
  return model_->encode(text, tokenizers::Budget());
}

std::vector<std::int32_t> Tokenizer::encode_prompt(std::string_view text) const {
  const auto prefix = model_->prompt_prefix();
  const auto suffix = model_->prompt_suffix();
  std::vector<std::int32_t> ids(prefix.begin(), prefix.end());
  const std::vector<std::int32_t> inner = encode(text);
  ids.insert(ids.end(), inner.begin(), inner.end());
  ids.insert(ids.end(), suffix.begin(), suffix.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  return model_->decode(ids);
}
std::string Tokenizer::piece(std::int32_t id) const { return model_->piece(id); }
std::int64_t Tokenizer::vocab_size() const { return model_->vocab_size(); }
std::int32_t Tokenizer::bos_id() const { return model_->bos_id(); }
std::int32_t Tokenizer::eos_id() const { return model_->eos_id(); }
bool Tokenizer::adds_bos() const { return !model_->prompt_prefix().empty(); }

}  // namespace fidelio
