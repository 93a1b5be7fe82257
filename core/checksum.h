// XXH3-128 of files and spans, for capsules. A checksum that tells files apart, not a seal against
// forgery.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace fidelio {

/// 32 lower-case hex digits of XXH3-128 in canonical (big-endian) order: what `xxh128sum` prints.
std::string xxh3_128_hex(std::span<const std::byte> bytes);

/// The same of a file's contents, read through a mapping. Throws UserError when it cannot be
/// opened.
std::string xxh3_128_hex_of_file(const std::filesystem::path& path);

}  // namespace fidelio
