// From the vocabulary's pieces back to text, piece by piece. Which pieces are left out (special
// tokens) is core/tokenizers/pipeline.h's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fidelio::tokenizers {

class JsonStep;

/// One text being put together from pieces. What a step of the decoder cannot know yet it holds
/// back; what take() gave is certain.
class PieceChain {
 public:
  /// Takes what the one before it makes. A piece arrives in one part or in several, the first of
  /// them marked.
  class Stage {
   public:
    virtual ~Stage() = default;
    virtual void feed(std::string_view part, bool begins_piece) = 0;
    virtual void finish() = 0;
  };

  void feed(std::string_view piece) { stages_.back()->feed(piece, true); }
  void finish() { stages_.back()->finish(); }
  /// The text that became certain since the last call.
  std::string take();

 private:
  friend class PieceDecoder;
  PieceChain();

  std::unique_ptr<std::string> text_;
  std::vector<std::unique_ptr<Stage>> stages_;  // last first; each borrows the one before it
};

/// Immutable; puts a space between pieces unless read from a file.
class PieceDecoder {
 public:
  PieceDecoder() = default;

  /// tokenizer.json's `decoder`: ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, and
  /// Sequences of them. Throws UserError for any other, and for one that looks at pieces after
  /// ByteLevel or Fuse have joined them.
  static PieceDecoder read(const JsonStep& step);

  PieceChain start() const;

 private:
  struct Step {
    enum class Kind { byte_level, byte_fallback, fuse, strip, replace, metaspace };
    Kind kind = Kind::fuse;
    std::string pattern;  ///< of replace and metaspace
    std::string content;  ///< of replace and strip
    std::size_t start = 0;
    std::size_t stop = 0;
    bool drops_first = false;  ///< metaspace: the first piece has no space
  };
  void read_into(const JsonStep& step);
  static Step read_step(const JsonStep& step);

  std::vector<Step> steps_;
  bool reads_file_ = false;
  bool joined_ = false;
};

}  // namespace fidelio::tokenizers
