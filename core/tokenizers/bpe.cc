#include "core/tokenizers/bpe.h"

#include <fmt/format.h>

#include <queue>
#include <string>
#include <utility>

#include "core/quote.h"
#include "core/tokenizers/utf8.h"
#include "core/user_error.h"

namespace fidelio::tokenizers {

namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(left) << 32U | static_cast<std::uint32_t>(right);
}

}  // namespace

Bpe::Bpe(Vocabulary vocabulary, const BpeOptions& options)
    : vocabulary_(std::move(vocabulary)), options_(options) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    byte_ids_[byte] = vocabulary_.find(fmt::format("<0x{:02X}>", byte)).value_or(-1);
  }
}

void Bpe::add_merge(std::string_view left, std::string_view right, const std::string& where) {
  const auto id_of = [&](const std::string& token) {
    const auto id = vocabulary_.find(token);
    if (!id) {
      throw UserError(fmt::format(
          "{}: found the merge of {} and {}, but {} is not in the vocabulary; expected it there",
          where, quote(left), quote(right), quote(token)));
    }
    return *id;
  };
  const std::int32_t left_id = id_of(std::string(left));
  const std::int32_t right_id = id_of(std::string(right));
  const std::int32_t merged = id_of(std::string(left) + std::string(right));
  merges_.insert_or_assign(pair_key(left_id, right_id), Merge{n_merges_++, merged});
}

const Bpe::Merge* Bpe::merge_of(std::int32_t left, std::int32_t right) const {
  const auto place = merges_.find(pair_key(left, right));
  return place == merges_.end() ? nullptr : &place->second;
}

bool Bpe::add_bytes(std::string_view character, std::vector<std::int32_t>& ids) const {
  for (const char c : character) {
    if (byte_ids_[static_cast<unsigned char>(c)] < 0) return false;
  }
  for (const char c : character) ids.push_back(byte_ids_[static_cast<unsigned char>(c)]);
  return true;
}

/// An unknown character waits until the next known one, so that its neighbours can join it; bytes
/// do not end the waiting (the `tokenizers` package orders them so).
std::vector<std::int32_t> Bpe::characters(std::string_view word) const {
  std::vector<std::int32_t> ids;
  ids.reserve(word.size());
  bool unknown_waits = false;
  for (std::size_t i = 0; i < word.size();) {
    const std::string_view character = word.substr(i, character_bytes(word[i]));
    i += character.size();
    if (const auto id = vocabulary_.find(character)) {
      if (unknown_waits) ids.push_back(*options_.unk_id);
      unknown_waits = false;
      ids.push_back(*id);
    } else if (!(options_.byte_fallback && add_bytes(character, ids)) && options_.unk_id) {
      if (unknown_waits && !options_.fuse_unk) ids.push_back(*options_.unk_id);
      unknown_waits = true;
    }
  }
  if (unknown_waits) ids.push_back(*options_.unk_id);
  return ids;
}

/// A word as a linked list of symbols, and a queue of the merges that its neighbours allow. Entries
/// of the queue may be out of date when their turn comes; they are looked at again then.
class WordMerger {
 public:
  WordMerger(const Bpe& bpe, const std::vector<std::int32_t>& ids) : bpe_(bpe) {
    symbols_.reserve(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      symbols_.push_back({ids[i], i == 0 ? kNone : i - 1, i + 1 == ids.size() ? kNone : i + 1});
    }
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) consider(i);
  }

  void run() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      Symbol& left = symbols_[best.left];
      if (left.id < 0 || left.next == kNone) continue;
      const Bpe::Merge* merge = bpe_.merge_of(left.id, symbols_[left.next].id);
      if (merge == nullptr || merge->id != best.id) continue;
      join(best.left, best.id);
    }
  }

  void append_to(std::vector<std::int32_t>& ids) const {
    for (const Symbol& symbol : symbols_) {
      if (symbol.id >= 0) ids.push_back(symbol.id);
    }
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Symbol {
    std::int32_t id;  // -1 once it was merged into the symbol before it
    std::size_t previous;
    std::size_t next;
  };
  struct Candidate {
    std::uint32_t rank;
    std::int32_t id;
    std::size_t left;
    bool operator<(const Candidate& other) const {  // the queue's top is its largest
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };

  void consider(std::size_t left) {
    const Symbol& symbol = symbols_[left];
    const Bpe::Merge* merge = bpe_.merge_of(symbol.id, symbols_[symbol.next].id);
    if (merge != nullptr) queue_.push({merge->rank, merge->id, left});
  }

  void join(std::size_t at, std::int32_t id) {
    Symbol& left = symbols_[at];
    Symbol& right = symbols_[left.next];
    left.id = id;
    left.next = right.next;
    right.id = -1;
    if (left.next != kNone) symbols_[left.next].previous = at;
    if (left.previous != kNone) consider(left.previous);
    if (left.next != kNone) consider(at);
  }

  const Bpe& bpe_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate> queue_;
};

void Bpe::encode(std::string_view word, std::vector<std::int32_t>& ids) const {
  if (options_.ignore_merges) {
    if (const auto id = vocabulary_.find(word)) return ids.push_back(*id);
  }
  WordMerger merger(*this, characters(word));
  merger.run();
  merger.append_to(ids);
}

}  // namespace fidelio::tokenizers
