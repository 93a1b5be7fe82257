#include "capsules/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "capsules/capsule_error.h"

namespace fidelio {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".fidelio-";

/// A call that a signal interrupts is made again. Not for close(), which has closed even then.
template <typename Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

bool is_temporary_name(std::string_view name) {
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  return std::count(name.begin(), name.end(), '-') == 1 && name.front() != '-' &&
         name.back() != '-' && name.find_first_not_of("0123456789-") == std::string_view::npos;
}

/// Whether `name` still is the file that `fd` has open.
bool is_named(int fd, const char* name) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::lstat(name, &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

/// Removes the file unless somebody holds its lock. While we hold it nobody renames the file, so
/// what is_named() found stays true. What goes wrong here is left to the next attempt.
void remove_if_abandoned(const std::string& name, FileCalls& calls) {
  const int fd = uninterrupted(
      [&] { return calls.open(name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0); });
  if (fd < 0) return;
  const bool locked = uninterrupted([&] { return calls.flock(fd, LOCK_EX | LOCK_NB); }) == 0;
  if (locked && is_named(fd, name.c_str()))
    uninterrupted([&] { return calls.unlink(name.c_str()); });
  calls.close(fd);
}

void remove_abandoned_files(const fs::path& folder, FileCalls& calls) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_temporary_name(entry->path().filename().native()))
      remove_if_abandoned(entry->path().native(), calls);
  }
}

}  // namespace

void fail_to_write(const fs::path& path, const char* what, int error) {
  throw CapsuleError(fmt::format("{}: cannot {}: {}", path.string(), what,
                                 std::generic_category().message(error)));
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

TemporaryFile::TemporaryFile(const fs::path& path, const fs::path& target, FileCalls& calls)
    : path_(path), calls_(calls) {
  const fs::path folder = folder_of(target);
  remove_abandoned_files(folder, calls_);
  errno = EEXIST;
  for (int attempt = 0; attempt < 100 && fd_ < 0 && errno == EEXIST; ++attempt)
    create((folder / fmt::format("{}{}-{}", kPrefix, ::getpid(), attempt)).string());
  if (fd_ < 0) fail_to_write(path_, "create a file beside it", errno);
}

/// Another process may take a file that is not locked yet for an abandoned one; then this one has
/// no name any more, or soon will not, and errno is EEXIST as when the name was taken.
void TemporaryFile::create(const std::string& name) {
  // Not mkstemp: its mode 0600 would leave a new capsule unreadable for others.
  fd_ = uninterrupted(
      [&] { return calls_.open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
  if (fd_ < 0) return;
  const bool taken =
      uninterrupted([&] { return calls_.flock(fd_, LOCK_EX | LOCK_NB); }) < 0 &&
      errno == EWOULDBLOCK;  // other errors: a file system without locks, where nobody gets one
  if (taken || !is_named(fd_, name.c_str())) {
    close();
    errno = EEXIST;
    return;
  }
  name_ = name;
}

TemporaryFile::~TemporaryFile() {
  if (!name_.empty()) uninterrupted([&] { return calls_.unlink(name_.c_str()); });
  if (fd_ >= 0) close();
}

void TemporaryFile::close() {
  calls_.close(fd_);
  fd_ = -1;
}

void TemporaryFile::write(std::string_view content) {
  while (!content.empty()) {
    const ssize_t written =
        uninterrupted([&] { return calls_.write(fd_, content.data(), content.size()); });
    if (written < 0) fail_to_write(path_, "write it", errno);
    if (written == 0) fail_to_write(path_, "write it", EIO);  // never of a regular file; no loop
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void TemporaryFile::keep_mode_of(const fs::path& target) {
  struct stat info {};
  if (::stat(target.c_str(), &info) != 0) return;
  if (uninterrupted([&] { return calls_.fchmod(fd_, info.st_mode & 07777); }) != 0)
    fail_to_write(path_, "set its mode", errno);
}

void TemporaryFile::rename_to(const fs::path& target) {
  if (uninterrupted([&] { return calls_.fsync(fd_); }) != 0)
    fail_to_write(path_, "write it to the disk", errno);
  // Renamed while it is open, and so locked. close() has nothing to report after fsync().
  if (uninterrupted([&] { return calls_.rename(name_.c_str(), target.c_str()); }) != 0)
    fail_to_write(path_, "replace it", errno);
  name_.clear();
  close();
}

void sync_folder(const fs::path& path, const fs::path& folder, FileCalls& calls) {
  const int fd = uninterrupted(
      [&] { return calls.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); });
  if (fd < 0) {
    if (errno == EACCES) return;
    fail_to_write(path, "open its folder", errno);
  }
  const int result = uninterrupted([&] { return calls.fsync(fd); });
  const int error = errno;
  calls.close(fd);
  if (result != 0 && error != EINVAL) fail_to_write(path, "write its folder to the disk", error);
}

}  // namespace fidelio
