#include "capsules/token_text.h"

#include <fmt/format.h>

#include "capsules/printable.h"

namespace fidelio {

std::string token_text(const std::string& text, std::int32_t id) {
  if (text.empty()) return fmt::format("token {}", id);
  constexpr std::size_t kMaxBytes = 40;
  std::string escaped;
  for (const char c : text) {
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (escaped.size() >= kMaxBytes + (starts_character ? 0 : 3)) {
      escaped += "...";
      break;
    }
    switch (c) {
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\t':
        escaped += "\\t";
        break;
      case '\\':
      case '\'':
        escaped += '\\';
        [[fallthrough]];
      default:
        escaped += c;
    }
  }
  return "'" + printable(escaped) + "'";
}

std::string position_text(std::int64_t position) {
  return fmt::format("{}token {}", position < 0 ? "prompt " : "", position);
}

}  // namespace fidelio
