// Reading a small untrusted file whole. What its text means is the caller's business.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace fidelio {

/// The bytes of a regular file of at most `max_bytes`. `what` ("a capsule") stands in messages.
/// Throws CapsuleError beginning with the path for a file that cannot be read, is none, or is
/// larger; nothing of it is read then.
std::string bounded_file_text(const std::filesystem::path& path, std::size_t max_bytes,
                              const char* what);

}  // namespace fidelio
