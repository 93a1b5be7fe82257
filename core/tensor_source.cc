#include "core/tensor_source.h"

#include <charconv>
#include <string_view>

namespace fidelio {

namespace {

/// All of `text` as a number of one or two digits.
std::optional<std::int64_t> small_number(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.size() > 2 || text[0] == '-') return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// What stands between the brackets.
std::optional<RowSelector> parse_selector(std::string_view text) {
  if (text == ":half") return RowSelector{2, 0, false};
  if (text == "half:") return RowSelector{2, 1, false};
  const std::size_t colons = text.find("::");
  if (colons == std::string_view::npos) return std::nullopt;
  const auto part = small_number(text.substr(0, colons));
  const auto parts = small_number(text.substr(colons + 2));
  if (!part || !parts || *parts < 2 || *part >= *parts) return std::nullopt;
  return RowSelector{*parts, *part, true};
}

}  // namespace

TensorSource TensorSource::of_expert(std::int64_t expert) const {
  TensorSource source = *this;
  const std::size_t star = path.find('*');
  if (star != std::string::npos) source.path.replace(star, 1, std::to_string(expert));
  return source;
}

std::optional<TensorSource> parse_tensor_source(const std::string& text) {
  constexpr std::string_view kTransposed = ".T";
  TensorSource source;
  std::string_view path = text;
  if (const std::size_t bracket = path.find('['); bracket != std::string_view::npos) {
    if (path.back() != ']') return std::nullopt;
    const auto rows = parse_selector(path.substr(bracket + 1, path.size() - bracket - 2));
    if (!rows) return std::nullopt;
    source.rows = *rows;
    path = path.substr(0, bracket);
  }
  if (path.ends_with(kTransposed)) {
    source.transposed = true;
    path.remove_suffix(kTransposed.size());
  }
  if (path.empty() || path.find_first_of("[]:") != std::string_view::npos) return std::nullopt;
  source.path = path;
  return source;
}

}  // namespace fidelio
