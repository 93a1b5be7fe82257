#include "capsules/markup.h"

#include <utility>

#include "capsules/printable.h"

namespace fidelio {
namespace {

/// U+FFFE and U+FFFF are UTF-8, but no characters of XML 1.0 (section 2.2).
std::string without_noncharacters(std::string text) {
  for (const std::string_view code : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
    for (std::size_t at = 0; (at = text.find(code, at)) != std::string::npos;)
      text.replace(at, code.size(), "?");
  return text;
}

const char* entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return nullptr;
  }
}

std::string opened(const char* name, const Attributes& attributes) {
  std::string text = std::string("<") + name;
  for (const Attribute& attribute : attributes) {
    text += std::string(" ") + attribute.name + "=\"";
    text += escaped(attribute.value).text() + "\"";
  }
  return text;
}

}  // namespace

Markup built(std::string text) {
  Markup out;
  out.text_ = std::move(text);
  return out;
}

Markup escaped(std::string_view text) {
  std::string out;
  for (const char c : without_noncharacters(printable(text))) {
    if (const char* entity = entity_of(c)) {
      out += entity;
    } else {
      out += c;
    }
  }
  return built(std::move(out));
}

Markup element(const char* name, const Attributes& attributes, const Markup& content) {
  return built(opened(name, attributes) + ">" + content.text() + "</" + name + ">");
}

Markup element(const char* name, const Attributes& attributes, std::string_view text) {
  return element(name, attributes, escaped(text));
}

Markup leaf(const char* name, const Attributes& attributes) {
  return built(opened(name, attributes) + "/>");
}

std::string clipped(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return std::string(text.substr(0, bytes)) + "...";
}

}  // namespace fidelio
