// Strings from untrusted files made fit for a one-line message on a terminal: control characters
// escaped, length bounded. Choosing the words of a message stays with whoever throws it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace fidelio {

/// `text` with control characters as \xNN and everything past `max_bytes` replaced by "...". Never
/// splits the terminal's line and never sends it an escape sequence.
std::string printable(std::string_view text, std::size_t max_bytes = 200);

/// printable(text) between double quotes.
std::string quote(std::string_view text);

/// A path for a message, up to 4096 bytes.
std::string path_text(const std::filesystem::path& path);

/// "[2, 64]".
std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace fidelio
