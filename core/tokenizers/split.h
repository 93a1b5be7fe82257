// Cutting a text at the matches of a pattern. Where patterns come from and what happens to the
// pieces are core/tokenizers/pre_tokenizer.h's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizers/regex.h"

namespace fidelio::tokenizers {

/// What becomes of a match, in the words of tokenizer.json.
enum class SplitBehavior { isolated, removed, merged_with_previous, merged_with_next, contiguous };

/// A stretch of a text and whether the pattern matched it. Stretches cover the text, in order.
struct Stretch {
  Range range;
  bool is_match;
};

/// The stretches of a text of `size` bytes with these matches.
std::vector<Stretch> stretches_of(std::size_t size, const std::vector<Range>& matches);

/// `text` with `content` in the place of every match.
std::string replace_all(std::string_view text, const std::vector<Range>& matches,
                        std::string_view content);

/// All places where `needle`, which is not empty, stands in `text`, left to right, none
/// overlapping.
std::vector<Range> find_all(std::string_view text, std::string_view needle);

/// The pieces that `behavior` makes of the stretches. Empty ones may be among them.
std::vector<Range> split(const std::vector<Stretch>& stretches, SplitBehavior behavior);

}  // namespace fidelio::tokenizers
