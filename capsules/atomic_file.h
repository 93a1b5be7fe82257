// Writing a file whole or not at all: a capsule, however its writing fails, never replaces a good
// one by half of another. What the file holds is the caller's business.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "capsules/file_calls.h"

namespace fidelio {

/// A file that is written in parts and takes its name only at the end; destroyed before commit() it
/// leaves what was there. Errors, links and modes as write_file_atomically says.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path, FileCalls& calls = system_file_calls());
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::string_view content);
  /// Replaces the file by what was written; nothing may be written afterwards.
  void commit();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Replaces `path` by `content`: a temporary file beside it, fsync, rename, fsync of the folder.
/// Throws CapsuleError with the system's reason; `path` then holds what it held (or, where only the
/// folder's fsync failed, `content`), and the temporary file is gone. Killed at any moment it
/// leaves one of the two, perhaps with a temporary file beside it, which the next write to that
/// folder removes. A symbolic link is followed, so that its target is replaced and not the link.
void write_file_atomically(const std::filesystem::path& path, std::string_view content,
                           FileCalls& calls = system_file_calls());

/// Throws CapsuleError unless `write_file_atomically(path, ...)` may be expected to work: the
/// folder exists and takes a new file, and `path` is no folder, device or pipe. Called before a
/// long measurement, so that its result has somewhere to go. `path` itself is not touched.
void check_writable(const std::filesystem::path& path, FileCalls& calls = system_file_calls());

}  // namespace fidelio
