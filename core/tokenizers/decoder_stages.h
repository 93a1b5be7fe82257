// The steps of a piece decoder, each holding back no more than it must. Reading them from files is
// core/tokenizers/piece_decoder.h's.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/tokenizers/byte_level.h"
#include "core/tokenizers/piece_decoder.h"
#include "core/tokenizers/split.h"
#include "core/tokenizers/utf8.h"

namespace fidelio::tokenizers {

/// The end of every chain.
class TextStage : public PieceChain::Stage {
 public:
  explicit TextStage(std::string& text) : text_(text) {}
  void feed(std::string_view part, bool /*begins_piece*/) override { text_ += part; }
  void finish() override {}

 private:
  std::string& text_;
};

class PassingStage : public PieceChain::Stage {
 public:
  explicit PassingStage(Stage& next) : next_(next) {}
  void finish() override { next_.finish(); }

 protected:
  Stage& next() { return next_; }

 private:
  Stage& next_;
};

/// No decoder at all: pieces with spaces between them.
class SpacedStage : public PassingStage {
 public:
  using PassingStage::PassingStage;
  void feed(std::string_view part, bool begins_piece) override {
    if (std::exchange(any_, true) && begins_piece) next().feed(" ", false);
    next().feed(part, begins_piece);
  }

 private:
  bool any_ = false;
};

/// Pieces become bytes, and the bytes one piece of text; characters wait until they are whole.
class ByteLevelStage : public PassingStage {
 public:
  using PassingStage::PassingStage;
  void feed(std::string_view part, bool /*begins_piece*/) override {
    bytes_ += from_byte_characters(part);
    std::string text;
    take_characters(bytes_, text);
    next().feed(text, std::exchange(first_, false));
  }
  void finish() override {
    if (!bytes_.empty()) next().feed(kReplacementCharacter, false);
    bytes_.clear();
    next().finish();
  }

 private:
  std::string bytes_;
  bool first_ = true;
};

/// <0xNN> pieces become bytes. A run of them is text when the whole run is well-formed, else one
/// U+FFFD a byte, so nothing of it is certain before its end.
class ByteFallbackStage : public PassingStage {
 public:
  using PassingStage::PassingStage;
  void feed(std::string_view piece, bool /*begins_piece*/) override {
    if (const auto byte = byte_of(piece)) {
      run_ += *byte;
      return;
    }
    end_run();
    next().feed(piece, true);
  }
  void finish() override {
    end_run();
    next().finish();
  }

 private:
  static std::optional<char> byte_of(std::string_view piece) {
    if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return std::nullopt;
    const std::optional<int> high = piece[3] == '+' ? 0 : hex(piece[3]);  // "+A" reads as 0xA
    const std::optional<int> low = hex(piece[4]);
    if (!high || !low) return std::nullopt;
    return static_cast<char>(*high * 16 + *low);
  }
  static std::optional<int> hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
  }
  void end_run() {
    if (run_.empty()) return;
    if (!find_invalid_utf8(run_)) {
      next().feed(run_, true);
    } else {
      for (std::size_t i = 0; i < run_.size(); ++i) next().feed(kReplacementCharacter, true);
    }
    run_.clear();
  }

  std::string run_;
};

/// All pieces become one.
class FuseStage : public PassingStage {
 public:
  using PassingStage::PassingStage;
  void feed(std::string_view part, bool /*begins_piece*/) override {
    next().feed(part, std::exchange(first_, false));
  }

 private:
  bool first_ = true;
};

/// Up to `start` characters `content` at the beginning of every piece and up to `stop` at its end
/// vanish. Those at the end wait until the piece goes on or ends.
class StripStage : public PassingStage {
 public:
  StripStage(Stage& next, std::string content, std::size_t start, std::size_t stop)
      : PassingStage(next), content_(std::move(content)), start_(start), stop_(stop) {}

  void feed(std::string_view part, bool begins_piece) override {
    if (begins_piece) {
      end_piece();
      at_start_ = start_;
    }
    std::string text;
    for (std::size_t i = 0; i < part.size();) {
      const std::string_view character = part.substr(i, character_bytes(part[i]));
      i += character.size();
      if (character != content_) {
        release(held_, text);
        at_start_ = 0;
        text += character;
      } else if (at_start_ > 0) {
        --at_start_;
      } else {
        ++held_;
        if (stop_ == 0) release(held_, text);
      }
    }
    next().feed(text, begins_piece);
  }
  void finish() override {
    end_piece();
    next().finish();
  }

 private:
  void release(std::size_t count, std::string& text) {
    for (std::size_t i = 0; i < count; ++i) text += content_;
    held_ = 0;
  }
  void end_piece() {
    std::string text;
    release(held_ - std::min(held_, stop_), text);
    if (!text.empty()) next().feed(text, false);
  }

  std::string content_;
  std::size_t start_;
  std::size_t stop_;
  std::size_t at_start_ = 0;  ///< how many may still vanish
  std::size_t held_ = 0;
};

class ReplaceStage : public PassingStage {
 public:
  ReplaceStage(Stage& next, std::string pattern, std::string content)
      : PassingStage(next), pattern_(std::move(pattern)), content_(std::move(content)) {}

  void feed(std::string_view piece, bool begins_piece) override {
    next().feed(replace_all(piece, find_all(piece, pattern_), content_), begins_piece);
  }

 private:
  std::string pattern_;
  std::string content_;
};

/// Every `replacement` becomes a space; those of the first piece may vanish instead.
class MetaspaceStage : public PassingStage {
 public:
  MetaspaceStage(Stage& next, const std::string& replacement, bool drops_first)
      : PassingStage(next),
        as_space_(next, replacement, " "),
        as_nothing_(next, replacement, ""),
        drops_first_(drops_first) {}

  void feed(std::string_view part, bool begins_piece) override {
    if (begins_piece && n_pieces_ < 2) ++n_pieces_;
    (drops_first_ && n_pieces_ < 2 ? as_nothing_ : as_space_).feed(part, begins_piece);
  }

 private:
  ReplaceStage as_space_;
  ReplaceStage as_nothing_;
  bool drops_first_;
  int n_pieces_ = 0;  ///< begun so far, up to 2
};

}  // namespace fidelio::tokenizers
