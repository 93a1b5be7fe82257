// Text to token ids and back with a model's own tokenizer files. Checking ids against a model's
// vocab_size is the caller's; chat templates belong to neither. The kinds of tokenizer are in
// core/tokenizers/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fidelio {

namespace tokenizers {
class TextStream;
class TokenizerModel;
}  // namespace tokenizers

/// Move only; const members may be called from several threads at once. encode and decode throw
/// UserError when a sentencepiece model turns out to be inconsistent, and when a tokenizer's
/// patterns or normalizer run into their limits on a text.
class Tokenizer {
 public:
  /// The tokenizer of a directory: tokenizer.json, else tokenizer.model (sentencepiece), else
  /// vocab.json with merges.txt; with the settings of tokenizer_config.json. Or that of a GGUF
  /// file's metadata. nullopt when there is none of them. Throws UserError when a file is
  /// unreadable, corrupt, or asks for what is not implemented.
  static std::optional<Tokenizer> open(const std::filesystem::path& model);

  /// One sentencepiece file, without a tokenizer_config.json.
  static Tokenizer open_file(const std::filesystem::path& file);

  /// What open() looks for, for messages.
  static constexpr const char* kFiles =
      "tokenizer.json, tokenizer.model, vocab.json with merges.txt, or one in a GGUF file";

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// The ids of `text`, nothing added; added tokens in the text (<|im_start|>, ...) become their
  /// ids where the files say so. Throws UserError with the byte offset for text that is not UTF-8.
  std::vector<std::int32_t> encode(std::string_view text) const;

  /// The ids a model is prompted with: encode(text) in what the files put around a text, which is
  /// bos_id() before it or nothing with most. tokenizer.json's post_processor decides; for
  /// sentencepiece tokenizer_config.json's `add_bos_token` if it says so, else whether there is a
  /// bos id, as Llama's tokenizers do.
  std::vector<std::int32_t> encode_prompt(std::string_view text) const;

  /// The text of `ids`. Control ids and special tokens (bos, eos, ...) give nothing; bytes that are
  /// no UTF-8 give U+FFFD. An id outside the vocabulary (models pad theirs) gives nothing, or with
  /// sentencepiece what the unknown id gives. sentencepiece's space before the first word is left
  /// out.
  std::string decode(std::span<const std::int32_t> ids) const;

  /// One id as the vocabulary has it, not decoded ("\u0120the"); "" outside the vocabulary.
  std::string piece(std::int32_t id) const;

  /// One more than the largest id, added tokens included. A model whose vocab_size is smaller
  /// cannot be prompted with this tokenizer.
  std::int64_t vocab_size() const;

  /// As sentencepiece files say themselves; for the other kinds tokenizer_config.json's `bos_token`
  /// and `eos_token`. -1 when there is none, or none with an id.
  std::int32_t bos_id() const;
  std::int32_t eos_id() const;

  /// Whether encode_prompt puts anything before the text.
  bool adds_bos() const;

  /// The file, or vocab.json.
  const std::filesystem::path& path() const { return files_.front(); }
  /// The files that hold the vocabulary and the merges; tokenizer_config.json is not among them.
  std::span<const std::filesystem::path> files() const { return files_; }
  /// Of those files' contents (core/checksum.h); of a GGUF file of the tokenizer's metadata alone,
  /// so that files which differ in the weights have one checksum.
  std::string checksum() const;

 private:
  friend class StreamingDecoder;
  Tokenizer(std::vector<std::filesystem::path> files,
            std::unique_ptr<tokenizers::TokenizerModel> model);

  std::vector<std::filesystem::path> files_;
  std::unique_ptr<tokenizers::TokenizerModel> model_;
  std::string metadata_checksum_;  ///< of a GGUF file
};

}  // namespace fidelio
