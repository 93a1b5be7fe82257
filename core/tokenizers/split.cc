#include "core/tokenizers/split.h"

#include <algorithm>

namespace fidelio::tokenizers {

namespace {

/// A match joins the piece before it, unless that ends in a match itself.
std::vector<Range> merge_with_previous(const std::vector<Stretch>& stretches) {
  std::vector<Range> pieces;
  bool previous = false;
  for (const Stretch& stretch : stretches) {
    if (stretch.is_match && !previous && !pieces.empty()) {
      pieces.back().end = stretch.range.end;
    } else {
      pieces.push_back(stretch.range);
    }
    previous = stretch.is_match;
  }
  return pieces;
}

std::vector<Range> merge_with_next(const std::vector<Stretch>& stretches) {
  std::vector<Range> pieces;
  bool next = false;
  for (auto it = stretches.rbegin(); it != stretches.rend(); ++it) {
    if (it->is_match && !next && !pieces.empty()) {
      pieces.back().begin = it->range.begin;
    } else {
      pieces.push_back(it->range);
    }
    next = it->is_match;
  }
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

/// Neighbours of one kind are one piece.
std::vector<Range> join_neighbours(const std::vector<Stretch>& stretches) {
  std::vector<Range> pieces;
  bool previous = false;
  for (const Stretch& stretch : stretches) {
    if (stretch.is_match == previous && !pieces.empty()) {
      pieces.back().end = stretch.range.end;
    } else {
      pieces.push_back(stretch.range);
    }
    previous = stretch.is_match;
  }
  return pieces;
}

}  // namespace

std::vector<Stretch> stretches_of(std::size_t size, const std::vector<Range>& matches) {
  std::vector<Stretch> stretches;
  std::size_t done = 0;
  for (const Range& match : matches) {
    if (done != match.begin) stretches.push_back({{done, match.begin}, false});
    stretches.push_back({match, true});
    done = match.end;
  }
  if (done != size) stretches.push_back({{done, size}, false});
  return stretches;
}

std::string replace_all(std::string_view text, const std::vector<Range>& matches,
                        std::string_view content) {
  std::string result;
  for (const auto& [range, is_match] : stretches_of(text.size(), matches)) {
    result += is_match ? content : text.substr(range.begin, range.end - range.begin);
  }
  return result;
}

std::vector<Range> find_all(std::string_view text, std::string_view needle) {
  std::vector<Range> places;
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + needle.size())) {
    places.push_back({at, at + needle.size()});
  }
  return places;
}

std::vector<Range> split(const std::vector<Stretch>& stretches, SplitBehavior behavior) {
  if (behavior == SplitBehavior::merged_with_previous) return merge_with_previous(stretches);
  if (behavior == SplitBehavior::merged_with_next) return merge_with_next(stretches);
  if (behavior == SplitBehavior::contiguous) return join_neighbours(stretches);
  std::vector<Range> pieces;
  for (const Stretch& stretch : stretches) {
    if (behavior == SplitBehavior::removed && stretch.is_match) continue;
    pieces.push_back(stretch.range);
  }
  return pieces;
}

}  // namespace fidelio::tokenizers
