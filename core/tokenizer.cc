// sentencepiece behind Tokenizer; its header stays in this file.
#include "core/tokenizer.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include <system_error>
#include <utility>

#include "core/config_reader.h"
#include "core/json_text.h"
#include "core/mapped_file.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

constexpr std::size_t kMaxModelBytes = std::size_t{256} << 20;
constexpr std::size_t kMaxConfigBytes = std::size_t{64} << 20;

std::optional<bool> read_add_bos_token(const std::filesystem::path& file) {
  const std::string where = path_text(file);
  const auto object = parse_json_object(read_text_file(file, kMaxConfigBytes), where);
  return ConfigReader(object, where).find_bool("add_bos_token");
}

/// A model that loads may still be inconsistent; that is the file's fault, not the program's.
void check(const sentencepiece::util::Status& status, std::string_view action,
           const std::filesystem::path& file) {
  if (status.ok()) return;
  throw UserError(
      fmt::format("{}: found a sentencepiece model that cannot {} ({}), expected one that can",
                  path_text(file), action, printable(status.ToString())));
}

}  // namespace

struct Tokenizer::Model {
  sentencepiece::SentencePieceProcessor processor;
};

std::optional<Tokenizer> Tokenizer::open(const std::filesystem::path& dir) {
  std::error_code error;
  if (!std::filesystem::exists(dir / "tokenizer.model", error)) return std::nullopt;
  Tokenizer tokenizer = open_file(dir / "tokenizer.model");
  const std::filesystem::path settings = dir / "tokenizer_config.json";
  if (std::filesystem::exists(settings, error)) {
    const bool has_bos = tokenizer.bos_id() >= 0;
    const std::optional<bool> wanted = read_add_bos_token(settings);
    if (wanted.value_or(false) && !has_bos) {
      throw UserError(
          fmt::format("{}: add_bos_token: found true, expected false, as {} has no bos id",
                      path_text(settings), path_text(tokenizer.path())));
    }
    tokenizer.adds_bos_ = wanted.value_or(has_bos);
  }
  return tokenizer;
}

Tokenizer Tokenizer::open_file(const std::filesystem::path& file) {
  const std::string bytes = read_text_file(file, kMaxModelBytes);
  auto model = std::make_unique<Model>();
  const auto status = model->processor.LoadFromSerializedProto(bytes);
  if (!status.ok() || model->processor.GetPieceSize() <= 0) {
    throw UserError(fmt::format("{}: found no sentencepiece model ({}), expected one",
                                path_text(file),
                                printable(status.ok() ? "no pieces" : status.ToString())));
  }
  return Tokenizer(file, std::move(model));
}

Tokenizer::Tokenizer(std::filesystem::path path, std::unique_ptr<Model> model)
    : path_(std::move(path)), model_(std::move(model)), adds_bos_(bos_id() >= 0) {}

Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int> ids;
  check(model_->processor.Encode(text, &ids), "encode", path_);
  return {ids.begin(), ids.end()};
}

std::vector<std::int32_t> Tokenizer::encode_prompt(std::string_view text) const {
  std::vector<std::int32_t> ids = encode(text);
  if (adds_bos_) ids.insert(ids.begin(), bos_id());
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  std::vector<int> known(ids.begin(), ids.end());
  for (int& id : known) {
    if (id < 0 || id >= vocab_size()) id = model_->processor.unk_id();
  }
  std::string text;
  check(model_->processor.Decode(known, &text), "decode", path_);
  return text;
}

std::int64_t Tokenizer::vocab_size() const { return model_->processor.GetPieceSize(); }
std::int32_t Tokenizer::bos_id() const { return model_->processor.bos_id(); }
std::int32_t Tokenizer::eos_id() const { return model_->processor.eos_id(); }

}  // namespace fidelio
