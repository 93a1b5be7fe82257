// A file under a name of its own, ".fidelio-PROCESS-NUMBER", until it takes its target's; and what
// becomes of such files when their process was killed. Which file may be replaced is
// capsules/atomic_file.h.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "capsules/file_calls.h"

namespace fidelio {

/// A new empty file beside `target`, closed and, unless it took the target's name, removed again.
/// It is locked (flock) as long as it lives, which tells it from the files of processes that were
/// killed: every new temporary file removes those from its folder. Failures are CapsuleErrors that
/// name `path`, the target as the user gave it, and the system's reason; interrupted calls are made
/// again.
class TemporaryFile {
 public:
  TemporaryFile(const std::filesystem::path& path, const std::filesystem::path& target,
                FileCalls& calls);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  void write(std::string_view content);
  /// Keeps the mode of the file that is replaced; a new one has what the umask leaves of 0666.
  void keep_mode_of(const std::filesystem::path& target);
  /// To the disk, then under its target's name; nothing may be written afterwards.
  void rename_to(const std::filesystem::path& target);

 private:
  void create(const std::string& name);
  void close();

  std::filesystem::path path_;
  FileCalls& calls_;
  std::string name_;  ///< empty: there is nothing to remove
  int fd_ = -1;
};

/// Throws CapsuleError: `path`, what cannot be done, why.
[[noreturn]] void fail_to_write(const std::filesystem::path& path, const char* what, int error);

/// Makes a rename in `folder` last; errors as above. Some file systems cannot sync a folder, and
/// some folders may be written but not read: that is no failure.
void sync_folder(const std::filesystem::path& path, const std::filesystem::path& folder,
                 FileCalls& calls);

/// The folder that a file of this path lies in.
std::filesystem::path folder_of(const std::filesystem::path& path);

}  // namespace fidelio
