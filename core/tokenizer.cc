// Which file of a folder is its tokenizer. Everything else is in core/tokenizers/.
#include "core/tokenizer.h"

#include <fmt/format.h>

#include <set>
#include <system_error>
#include <utility>

#include "core/checksum.h"
#include "core/gguf/gguf_parts.h"
#include "core/quote.h"
#include "core/tokenizers/budget.h"
#include "core/tokenizers/gguf_tokenizer.h"
#include "core/tokenizers/sentencepiece_model.h"
#include "core/tokenizers/settings.h"
#include "core/tokenizers/tokenizer_json.h"
#include "core/tokenizers/tokenizer_model.h"
#include "core/tokenizers/utf8.h"
#include "core/tokenizers/vocab_merges.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

/// Keys and values of the tokenizer, whatever their order in the file.
std::string checksum_of(const GgufMetadata& metadata) {
  constexpr std::string_view kPrefix = "tokenizer.ggml.";
  std::set<std::string_view> keys;
  for (const std::string_view key : metadata.keys()) {
    if (key.starts_with(kPrefix)) keys.insert(key);
  }
  StreamingXxh3 checksum;
  for (const std::string_view key : keys) {
    const GgufValue& value = *metadata.find(key);
    checksum.update(std::as_bytes(std::span(key)));
    checksum.update(std::as_bytes(std::span(&value.type, 1)));
    checksum.update(value.bytes);
  }
  return checksum.hex();
}

}  // namespace

std::optional<Tokenizer> Tokenizer::open(const std::filesystem::path& model) {
  if (is_gguf_file(model)) {
    const std::filesystem::path file = first_gguf_part(model);
    const GgufFile opened = GgufFile::open(file);
    auto made = tokenizers::tokenizer_of_gguf(opened.metadata());
    if (made == nullptr) return std::nullopt;
    Tokenizer tokenizer({file}, std::move(made));
    tokenizer.metadata_checksum_ = checksum_of(opened.metadata());
    return tokenizer;
  }
  const std::filesystem::path& dir = model;
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
std::string Tokenizer::checksum() const {
  if (!metadata_checksum_.empty()) return metadata_checksum_;
  std::vector<FileChecksum> checksums;
  for (const std::filesystem::path& file : files_) {
    checksums.push_back({file.filename().string(), xxh3_128_hex_of_file(file)});
  }
  return combined_checksum(checksums);
}
bool Tokenizer::adds_bos() const { return !model_->prompt_prefix().empty(); }

}  // namespace fidelio
