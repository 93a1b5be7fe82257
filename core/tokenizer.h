// Text to token ids and back with a model's own sentencepiece file (tokenizer.model). Checking ids
// against a model's vocab_size is the caller's; chat templates belong to neither.
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

/// Move only; const members may be called from several threads at once. encode and decode throw
/// UserError when the file's model turns out to be inconsistent.
class Tokenizer {
 public:
  /// `dir`/tokenizer.model with the settings of `dir`/tokenizer_config.json; nullopt when there is
  /// no tokenizer.model. Throws UserError when either file is unreadable or corrupt.
  static std::optional<Tokenizer> open(const std::filesystem::path& dir);

  /// One sentencepiece file, without a tokenizer_config.json.
  static Tokenizer open_file(const std::filesystem::path& file);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// The ids of `text`, nothing added. Invalid UTF-8 is replaced as sentencepiece does, never an
  /// error.
  std::vector<std::int32_t> encode(std::string_view text) const;

  /// The ids a model is prompted with: bos_id() first when adds_bos(), then encode(text).
  std::vector<std::int32_t> encode_prompt(std::string_view text) const;

  /// The text of `ids`, without the space that sentencepiece puts before the first word. Control
  /// ids (bos, eos) give nothing; an id outside the vocabulary (models pad theirs) gives what the
  /// unknown id gives.
  std::string decode(std::span<const std::int32_t> ids) const;

  /// Number of ids, 0 .. vocab_size() - 1. A model whose vocab_size is smaller cannot be prompted
  /// with this tokenizer.
  std::int64_t vocab_size() const;

  std::int32_t bos_id() const;  ///< -1 when the file has none
  std::int32_t eos_id() const;  ///< -1 when the file has none

  /// tokenizer_config.json's `add_bos_token` if it says so, else whether there is a bos id, as
  /// Llama's tokenizers do.
  bool adds_bos() const { return adds_bos_; }

  const std::filesystem::path& path() const { return path_; }

 private:
  struct Model;
  Tokenizer(std::filesystem::path path, std::unique_ptr<Model> model);

  std::filesystem::path path_;
  std::unique_ptr<Model> model_;
  bool adds_bos_ = false;
};

}  // namespace fidelio
