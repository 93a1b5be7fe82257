// XML and HTML into which no text of a capsule can break out: whatever is no literal of this
// program is escaped on its way in. What the elements mean belongs to the reports. Internal to
// capsules/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fidelio {

/// Well-formed content: elements and escaped text.
class Markup {
 public:
  Markup() = default;
  /// A literal of this program, as it stands.
  template <std::size_t N>
  explicit Markup(const char (&literal)[N]) : text_(literal, N - 1) {}

  Markup& operator+=(const Markup& other) {
    text_ += other.text_;
    return *this;
  }
  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

 private:
  friend Markup escaped(std::string_view text);
  friend Markup built(std::string text);
  std::string text_;
};

/// The value of an attribute is escaped; its name is a literal.
struct Attribute {
  const char* name;
  std::string value;
};
using Attributes = std::vector<Attribute>;

/// Any bytes as content or attribute: the five characters that markup acts on as entities; control
/// characters, line ends, marks that turn the direction of writing, code points that XML 1.0 has
/// none of, and bytes that are not UTF-8 as '?'.
Markup escaped(std::string_view text);

/// <name a="b">content</name>, also around nothing.
Markup element(const char* name, const Attributes& attributes, const Markup& content);
/// The same around escaped text.
Markup element(const char* name, const Attributes& attributes, std::string_view text);
/// <name a="b"/>: elements of SVG, and those of HTML that never have content.
Markup leaf(const char* name, const Attributes& attributes);

/// At most `bytes` of a text, cut between characters; a cut is shown as "...".
std::string clipped(std::string_view text, std::size_t bytes);

}  // namespace fidelio
