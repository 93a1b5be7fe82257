// Atomic replacement of a file through a temporary one in the same folder; POSIX calls only, since
// streams lose the reason of a failure.
#include "capsules/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

#include "capsules/capsule_error.h"

namespace fidelio {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
  throw CapsuleError(fmt::format("{}: cannot {}: {}", path.string(), what,
                                 std::generic_category().message(error)));
}

/// The file that a chain of symbolic links ends in; it need not exist.
fs::path resolve(const fs::path& path) {
  fs::path target = path;
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(target, error); ++links) {
    const fs::path next = fs::read_symlink(target, error);
    if (error) fail(path, "read the symbolic link", error.value());
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  return target;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Throws unless `target` is absent or a regular file in an existing folder; `path` is its name as
/// the user gave it.
void check_target(const fs::path& path, const fs::path& target) {
  if (!target.has_filename()) throw CapsuleError(fmt::format("'{}' names no file", path.string()));
  struct stat info {};
  if (::stat(folder_of(target).c_str(), &info) != 0) fail(path, "find its folder", errno);
  if (!S_ISDIR(info.st_mode)) fail(path, "find its folder", ENOTDIR);
  if (::stat(target.c_str(), &info) != 0) {
    if (errno != ENOENT) fail(path, "look at it", errno);
    return;
  }
  if (S_ISDIR(info.st_mode))
    throw CapsuleError(fmt::format("{}: is a folder; a file was expected", path.string()));
  if (!S_ISREG(info.st_mode))
    throw CapsuleError(
        fmt::format("{}: is no regular file; it cannot be replaced atomically", path.string()));
}

fs::path checked_target(const fs::path& path) {
  fs::path target = resolve(path);
  check_target(path, target);
  return target;
}

/// A new empty file beside `target`, closed and, unless it took the target's name, removed again.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& path, const fs::path& target) : path_(path) {
    // Not mkstemp: its mode 0600 would leave a new capsule unreadable for others.
    for (int attempt = 0; attempt < 100 && fd_ < 0; ++attempt) {
      name_ = (folder_of(target) / fmt::format(".fidelio-{}-{}", ::getpid(), attempt)).string();
      fd_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd_ < 0 && errno != EEXIST) break;
    }
    if (fd_ < 0) fail(path_, "create a file beside it", errno);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(fd_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(path_, "write it", errno);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// Keeps the mode of the file that is replaced; a new one has what the umask leaves of 0666.
  void keep_mode_of(const fs::path& target) {
    struct stat info {};
    if (::stat(target.c_str(), &info) != 0) return;
    if (::fchmod(fd_, info.st_mode & 07777) != 0) fail(path_, "set its mode", errno);
  }

  void rename_to(const fs::path& target) {
    if (::fsync(fd_) != 0) fail(path_, "write it to the disk", errno);
    const int fd = fd_;
    fd_ = -1;
    if (::close(fd) != 0 && errno != EINTR) fail(path_, "close it", errno);
    if (::rename(name_.c_str(), target.c_str()) != 0) fail(path_, "replace it", errno);
    name_.clear();
  }

 private:
  fs::path path_;  ///< what messages name
  std::string name_;
  int fd_ = -1;
};

/// Makes the rename last. Some file systems cannot sync a folder (EINVAL); that is no failure.
void sync_folder(const fs::path& path, const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == EACCES) return;  // a folder that may be written but not read
    fail(path, "open its folder", errno);
  }
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0 && error != EINVAL) fail(path, "write its folder to the disk", error);
}

}  // namespace

struct AtomicFile::Parts {
  explicit Parts(const fs::path& as_given)
      : path(as_given), target(checked_target(as_given)), file(path, target) {}
  fs::path path;
  fs::path target;
  TemporaryFile file;
};

AtomicFile::AtomicFile(const fs::path& path) : parts_(std::make_unique<Parts>(path)) {}
AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::string_view content) { parts_->file.write(content); }

void AtomicFile::commit() {
  parts_->file.keep_mode_of(parts_->target);
  parts_->file.rename_to(parts_->target);
  sync_folder(parts_->path, folder_of(parts_->target));
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void check_writable(const fs::path& path) {
  TemporaryFile probe(path, checked_target(path));
  probe.write("x");
}

}  // namespace fidelio
