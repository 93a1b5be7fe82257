#include "core/tokenizers/byte_level.h"

#include <array>
#include <unordered_map>

#include "core/tokenizers/utf8.h"

namespace fidelio::tokenizers {

namespace {

/// The visible characters of Latin-1 stand for themselves, the other 68 bytes, in their order, for
/// U+0100 and on.
struct Table {
  std::array<std::string, 256> characters;
  std::unordered_map<std::string_view, char> bytes;

  Table() {
    unsigned next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool visible = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
      const unsigned code_point = visible ? byte : next++;
      std::string& character = characters[byte];
      if (code_point < 0x80) {
        character = {static_cast<char>(code_point)};
      } else {
        character = {static_cast<char>(0xC0U | code_point >> 6U),
                     static_cast<char>(0x80U | (code_point & 0x3FU))};
      }
      bytes.emplace(character, static_cast<char>(byte));
    }
  }
};

const Table& table() {
  static const Table kTable;
  return kTable;
}

}  // namespace

std::string to_byte_characters(std::string_view text) {
  std::string result;
  result.reserve(text.size() * 2);
  for (const char c : text) result += table().characters[static_cast<unsigned char>(c)];
  return result;
}

std::string from_byte_characters(std::string_view piece) {
  std::string bytes;
  for (std::size_t i = 0; i < piece.size();) {
    const std::string_view character = piece.substr(i, character_bytes(piece[i]));
    const auto place = table().bytes.find(character);
    if (place == table().bytes.end()) return std::string(piece);
    bytes += place->second;
    i += character.size();
  }
  return bytes;
}

}  // namespace fidelio::tokenizers
