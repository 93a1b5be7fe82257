// Checksums of large files, remembered between runs: hashing 17 GB takes seconds that a second look
// at the same file need not cost. Known by path, size and time of change; a checksum is no seal.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/tensor_files.h"

namespace fidelio {

/// Smaller files are hashed each time.
inline constexpr std::size_t kCachedBytes = std::size_t{64} << 20;

/// XXH3-128 of `bytes`, the contents of `file`. Looked up in, and added to, `cache`; a cache that
/// is damaged or cannot be written is done without.
std::string cached_checksum(const std::filesystem::path& file, std::span<const std::byte> bytes,
                            const std::filesystem::path& cache,
                            std::size_t cached_bytes = kCachedBytes);

/// XXH3-128 that stands for all files: of one file its own, of several that of the lines
/// "DIGEST  NAME\n" sorted by name, which is what `xxh128sum` prints for them. Each file is looked
/// up in `cache` by itself.
std::string weights_checksum(const TensorFiles& files, const std::filesystem::path& cache);

/// $XDG_CACHE_HOME/fidelio/checksums.json, or the same under ~/.cache.
std::filesystem::path checksum_cache_path();

}  // namespace fidelio
