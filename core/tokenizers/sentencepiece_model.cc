// sentencepiece's header stays in this file.
#include "core/tokenizers/sentencepiece_model.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include <charconv>
#include <utility>

#include "core/mapped_file.h"
#include "core/quote.h"
#include "core/tokenizers/utf8.h"
#include "core/user_error.h"

namespace fidelio::tokenizers {

namespace {

constexpr std::size_t kMaxModelBytes = std::size_t{256} << 20;

class SentencepieceModel final : public TokenizerModel {
 public:
  SentencepieceModel(const std::string& proto, std::string where, const Settings& settings);

  std::vector<std::int32_t> encode(std::string_view text, const Budget& /*budget*/) const override;
  std::span<const std::int32_t> prompt_prefix() const override { return prefix_; }
  std::span<const std::int32_t> prompt_suffix() const override { return suffix_; }
  std::string decode(std::span<const std::int32_t> ids) const override;
  std::unique_ptr<TextStream> stream() const override;
  std::string piece(std::int32_t id) const override;
  std::int64_t vocab_size() const override { return processor_.GetPieceSize(); }
  std::int32_t bos_id() const override { return processor_.bos_id(); }
  std::int32_t eos_id() const override { return processor_.eos_id(); }

  /// The id that an id outside the vocabulary (models pad theirs) is decoded as.
  std::int32_t known_id(std::int32_t id) const {
    return id < 0 || id >= vocab_size() ? processor_.unk_id() : id;
  }
  bool is_control(std::int32_t id) const { return processor_.IsControl(id); }
  /// The byte of a <0xNN> piece.
  std::optional<char> byte_of(std::int32_t id) const;
  /// A piece whose decoded text is itself, whatever stands around it; -1 without one.
  std::int32_t anchor() const { return anchor_; }

 private:
  void check(const sentencepiece::util::Status& status, std::string_view action) const;
  std::int32_t find_anchor() const;

  std::string where_;
  sentencepiece::SentencePieceProcessor processor_;
  std::vector<std::int32_t> prefix_;
  std::vector<std::int32_t> suffix_;
  std::int32_t anchor_ = -1;
};

SentencepieceModel::SentencepieceModel(const std::string& proto, std::string where,
                                       const Settings& settings)
    : where_(std::move(where)) {
  const auto status = processor_.LoadFromSerializedProto(proto);
  if (!status.ok() || processor_.GetPieceSize() <= 0) {
    throw UserError(fmt::format("{}: found no sentencepiece model ({}), expected one", where_,
                                printable(status.ok() ? "no pieces" : status.ToString())));
  }
  const std::int32_t bos = processor_.bos_id();
  const bool has_bos = bos >= 0;
  if (settings.add_bos_token.value_or(false) && !has_bos) {
    throw UserError(
        fmt::format("{}: add_bos_token: found true, expected false, as {} has no bos id",
                    path_text(settings.file), where_));
  }
  if (settings.add_bos_token.value_or(has_bos)) prefix_.push_back(bos);
  if (settings.add_eos_token && processor_.eos_id() >= 0) suffix_.push_back(processor_.eos_id());
  anchor_ = find_anchor();
}

/// A model that loads may still be inconsistent; that is the file's fault, not the program's.
void SentencepieceModel::check(const sentencepiece::util::Status& status,
                               std::string_view action) const {
  if (status.ok()) return;
  throw UserError(
      fmt::format("{}: found a sentencepiece model that cannot {} ({}), expected one that can",
                  where_, action, printable(status.ToString())));
}

std::vector<std::int32_t> SentencepieceModel::encode(std::string_view text,
                                                     const Budget& /*budget*/) const {
  std::vector<int> ids;
  check(processor_.Encode(text, &ids), "encode");
  return {ids.begin(), ids.end()};
}

std::string SentencepieceModel::decode(std::span<const std::int32_t> ids) const {
  std::vector<int> known;
  known.reserve(ids.size());
  for (const std::int32_t id : ids) known.push_back(known_id(id));
  std::string text;
  check(processor_.Decode(known, &text), "decode");
  return text;
}

std::string SentencepieceModel::piece(std::int32_t id) const {
  return id < 0 || id >= vocab_size() ? std::string() : processor_.IdToPiece(id);
}

std::optional<char> SentencepieceModel::byte_of(std::int32_t id) const {
  if (!processor_.IsByte(id)) return std::nullopt;
  const std::string& text = processor_.IdToPiece(id);
  unsigned byte = 0;
  if (text.size() != 6) return std::nullopt;
  std::from_chars(text.data() + 3, text.data() + 5, byte, 16);
  return static_cast<char>(byte);
}

std::int32_t SentencepieceModel::find_anchor() const {
  for (std::int32_t id = 0; id < processor_.GetPieceSize(); ++id) {
    if (processor_.IsControl(id) || processor_.IsUnknown(id) || processor_.IsByte(id)) continue;
    const std::string& text = processor_.IdToPiece(id);
    if (text.size() == 1 && text[0] > ' ') return id;
  }
  return -1;
}

/// sentencepiece decodes whole sequences. Only two things make a piece depend on others: the
/// beginning of the text, where a space may vanish, and runs of bytes. So ids are decoded together
/// until there is text, and one by one behind a piece that is known from then on.
class SentencepieceStream : public TextStream {
 public:
  explicit SentencepieceStream(const SentencepieceModel& model) : model_(model) {}

  std::string feed(std::int32_t unchecked) override {
    const std::int32_t id = model_.known_id(unchecked);
    if (model_.anchor() < 0) {  // nothing is known of such a vocabulary; all of it waits
      beginning_.push_back(id);
      return "";
    }
    if (const auto byte = model_.byte_of(id)) {
      bytes_ += *byte;
      return certain_bytes();
    }
    std::string text = rest_of_bytes();
    if (model_.is_control(id)) return text;
    if (started_) return text + behind_anchor(id);
    beginning_.push_back(id);
    const std::string first = model_.decode(beginning_);
    started_ = !first.empty();
    return text + first;
  }

  std::string finish() override {
    return model_.anchor() < 0 ? model_.decode(beginning_) : rest_of_bytes();
  }

 private:
  std::string behind_anchor(std::int32_t id) const {
    const std::int32_t ids[] = {model_.anchor(), id};
    return model_.decode(ids).substr(1);
  }
  /// Whole characters; unlike the maximal subparts of others, every wrong byte is one U+FFFD.
  std::string certain_bytes() {
    std::string text;
    std::size_t i = 0;
    while (i < bytes_.size()) {
      const Utf8Sequence sequence = first_sequence(std::string_view(bytes_).substr(i));
      if (sequence.kind == Utf8Sequence::Kind::cut_short) break;
      if (sequence.kind == Utf8Sequence::Kind::complete) {
        text.append(bytes_, i, sequence.length);
        i += sequence.length;
      } else {
        text += kReplacementCharacter;
        ++i;
      }
    }
    bytes_.erase(0, i);
    started_ = started_ || !text.empty();
    return text;
  }
  std::string rest_of_bytes() {
    std::string text;
    while (!bytes_.empty()) {
      text += kReplacementCharacter;
      bytes_.erase(0, 1);
      text += certain_bytes();
      started_ = true;
    }
    return text;
  }

  const SentencepieceModel& model_;
  std::vector<std::int32_t> beginning_;
  std::string bytes_;
  bool started_ = false;
};

std::unique_ptr<TextStream> SentencepieceModel::stream() const {
  return std::make_unique<SentencepieceStream>(*this);
}

}  // namespace

std::unique_ptr<TokenizerModel> open_sentencepiece(const std::filesystem::path& file,
                                                   const Settings& settings) {
  return sentencepiece_of_proto(read_text_file(file, kMaxModelBytes), path_text(file), settings);
}

std::unique_ptr<TokenizerModel> sentencepiece_of_proto(const std::string& proto,
                                                       const std::string& where,
                                                       const Settings& settings) {
  return std::make_unique<SentencepieceModel>(proto, where, settings);
}

}  // namespace fidelio::tokenizers
