// What happens to a text before it is cut: Unicode normal forms, texts put in or replaced.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/tokenizers/regex.h"

namespace fidelio::tokenizers {

class JsonStep;

/// Immutable; the identity unless read from a file. Combining classes are those of utf8proc's
/// Unicode (15 in 2.8); the `tokenizers` package has older tables and leaves marks unsorted that
/// they do not know.
class Normalizer {
 public:
  Normalizer() = default;

  /// tokenizer.json's `normalizer`: NFC, NFD, NFKC, NFKD, Prepend, Replace, and Sequences of them.
  /// Throws UserError for any other.
  static Normalizer read(const JsonStep& step);

  /// The normal form of well-formed `text`. Throws UserError when any step would make more than
  /// 1 GiB of it, and once `budget` is spent.
  std::string apply(std::string_view text, const Budget& budget) const;
  /// The same; nullopt as soon as a step would make more than `max_bytes` of it.
  std::optional<std::string> apply_within(std::size_t max_bytes, std::string_view text,
                                          const Budget& budget) const;

 private:
  enum class Form { nfc, nfd, nfkc, nfkd };
  struct Prepend {
    std::string text;
  };
  struct Replace {
    std::optional<Regex> regex;  ///< else `needle`
    std::string needle;
    std::string content;
  };
  void read_into(const JsonStep& step);
  static std::string normal_form(const std::string& text, Form form);
  static std::optional<std::string> replaced(std::size_t max_bytes, const std::string& text,
                                             const Replace& replace, const Budget& budget);

  std::vector<std::variant<Form, Prepend, Replace>> steps_;
};

}  // namespace fidelio::tokenizers
