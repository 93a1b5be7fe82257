#include "core/tokenizers/utf8.h"

#include "core/check.h"

namespace fidelio::tokenizers {

namespace {

using Kind = Utf8Sequence::Kind;

/// What may follow a lead byte: how many bytes, and the range of the first of them.
struct Followers {
  std::size_t count;
  unsigned low;
  unsigned high;
};

std::optional<Followers> followers_of(unsigned lead) {
  if (lead < 0x80U) return Followers{0, 0, 0};
  if (lead < 0xC2U || lead > 0xF4U) return std::nullopt;
  if (lead < 0xE0U) return Followers{1, 0x80, 0xBF};
  if (lead == 0xE0U) return Followers{2, 0xA0, 0xBF};
  if (lead == 0xEDU) return Followers{2, 0x80, 0x9F};
  if (lead < 0xF0U) return Followers{2, 0x80, 0xBF};
  if (lead == 0xF0U) return Followers{3, 0x90, 0xBF};
  if (lead == 0xF4U) return Followers{3, 0x80, 0x8F};
  return Followers{3, 0x80, 0xBF};
}

}  // namespace

Utf8Sequence first_sequence(std::string_view bytes) {
  FIDELIO_CHECK(!bytes.empty());
  const std::optional<Followers> followers = followers_of(static_cast<unsigned char>(bytes[0]));
  if (!followers) return {Kind::invalid, 1};
  for (std::size_t i = 1; i <= followers->count; ++i) {
    if (i == bytes.size()) return {Kind::cut_short, i};
    const unsigned byte = static_cast<unsigned char>(bytes[i]);
    const unsigned low = i == 1 ? followers->low : 0x80U;
    const unsigned high = i == 1 ? followers->high : 0xBFU;
    if (byte < low || byte > high) return {Kind::invalid, i};
  }
  return {Kind::complete, followers->count + 1};
}

std::size_t character_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0x80U) return 1;
  if (byte < 0xE0U) return 2;
  return byte < 0xF0U ? 3 : 4;
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Sequence sequence = first_sequence(text.substr(i));
    if (sequence.kind != Kind::complete) return i;
    i += sequence.length;
  }
  return std::nullopt;
}

void take_characters(std::string& bytes, std::string& text) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const Utf8Sequence sequence = first_sequence(std::string_view(bytes).substr(i));
    if (sequence.kind == Kind::cut_short) break;
    if (sequence.kind == Kind::complete) {
      text.append(bytes, i, sequence.length);
    } else {
      text += kReplacementCharacter;
    }
    i += sequence.length;
  }
  bytes.erase(0, i);
}

}  // namespace fidelio::tokenizers
