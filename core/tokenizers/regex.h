// Regular expressions as published tokenizer files write them, matched by PCRE2. Which matches
// become pieces is core/tokenizers/split.h's; the syntax is core/tokenizers/oniguruma_syntax.h's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizers/budget.h"

namespace fidelio::tokenizers {

struct Range {
  std::size_t begin;  ///< bytes
  std::size_t end;
};

/// Immutable; may be used from several threads at once. Letters and numbers are those of PCRE2's
/// Unicode (14 in 10.42); another engine may know characters that were assigned later.
class Regex {
 public:
  /// `pattern` in the syntax of the `tokenizers` package (Oniguruma). Throws UserError beginning
  /// with `where` for syntax that is not supported and for a pattern that does not compile.
  Regex(std::string_view pattern, std::string where);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// All matches in well-formed `text`, left to right, none overlapping. Throws UserError for a
  /// match that needs more than 10 million steps or more than 64 MiB, and once `budget` is spent.
  std::vector<Range> find_all(std::string_view text, const Budget& budget) const;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
  std::string where_;
};

}  // namespace fidelio::tokenizers
