// Writing a file whole or not at all: a capsule, however its writing fails, never replaces a good
// one by half of another. What the file holds is the caller's business.
#pragma once

#include <filesystem>
#include <string_view>

namespace fidelio {

/// Replaces `path` by `content`: a temporary file beside it, fsync, rename, fsync of the folder.
/// Throws CapsuleError with the system's reason; `path` then holds what it held, and the temporary
/// file is gone. A symbolic link is followed, so that its target is replaced and not the link.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Throws CapsuleError unless `write_file_atomically(path, ...)` may be expected to work: the
/// folder exists and takes a new file, and `path` is no folder, device or pipe. Called before a
/// long measurement, so that its result has somewhere to go. `path` itself is not touched.
void check_writable(const std::filesystem::path& path);

}  // namespace fidelio
