// Checksums of large files, remembered between runs: hashing 17 GB takes seconds that a second look
// at the same file need not cost. Known by path, size and time of change; a checksum is no seal.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace fidelio {

/// Smaller files are hashed each time.
inline constexpr std::size_t kCachedBytes = std::size_t{64} << 20;

/// XXH3-128 of `bytes`, the contents of `file`. Looked up in, and added to, `cache`; a cache that
/// is damaged or cannot be written is done without.
std::string cached_checksum(const std::filesystem::path& file, std::span<const std::byte> bytes,
                            const std::filesystem::path& cache,
                            std::size_t cached_bytes = kCachedBytes);

/// $XDG_CACHE_HOME/fidelio/checksums.json, or the same under ~/.cache.
std::filesystem::path checksum_cache_path();

}  // namespace fidelio
