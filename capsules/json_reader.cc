#include "capsules/json_reader.h"

namespace fidelio {

std::string expected_text(const FieldRule& rule) {
  switch (rule.text) {
    case FieldRule::Text::any:
      return "a string";
    case FieldRule::Text::digest:
      return "32 lower-case hex digits";
    case FieldRule::Text::digest_or_empty:
      return "32 lower-case hex digits or \"\"";
    case FieldRule::Text::one_of:
      break;
  }
  std::string words;
  for (const std::string_view word : rule.words)
    if (!word.empty()) words += fmt::format("{}\"{}\"", words.empty() ? "" : ", ", word);
  return "one of " + words;
}

namespace {

bool is_digest(const std::string& text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

bool obeys(const std::string& text, const FieldRule& rule) {
  switch (rule.text) {
    case FieldRule::Text::any:
      return true;
    case FieldRule::Text::digest:
      return is_digest(text);
    case FieldRule::Text::digest_or_empty:
      return text.empty() || is_digest(text);
    case FieldRule::Text::one_of:
      return !text.empty() &&
             std::find(rule.words.begin(), rule.words.end(), text) != rule.words.end();
  }
  return false;
}

}  // namespace fidelio
