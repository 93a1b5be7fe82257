#include "capsules/markdown.h"

#include <string_view>

#include "capsules/printable.h"

namespace fidelio {

std::string markdown_escaped(const std::string& text) {
  constexpr std::string_view kSpecial = "|\\<>`*_[]&~";
  std::string out;
  for (const char c : printable(text)) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string markdown_table(const Cells& table) {
  std::string text;
  for (std::size_t r = 0; r < table.size(); ++r) {
    text += "|";
    for (const std::string& cell : table[r]) text += " " + markdown_escaped(cell) + " |";
    text += "\n";
    if (r > 0) continue;
    text += "|";
    for (std::size_t c = 0; c < table[r].size(); ++c) text += "---|";
    text += "\n";
  }
  return text;
}

}  // namespace fidelio
