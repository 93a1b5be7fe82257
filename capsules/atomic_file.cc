// What may be replaced, and the order of the steps; the temporary file is
// capsules/temporary_file.h.
#include "capsules/atomic_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "capsules/capsule_error.h"
#include "capsules/temporary_file.h"

namespace fidelio {
namespace {

namespace fs = std::filesystem;

/// The file that a chain of symbolic links ends in; it need not exist.
fs::path resolve(const fs::path& path) {
  fs::path target = path;
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(target, error); ++links) {
    const fs::path next = fs::read_symlink(target, error);
    if (error) fail_to_write(path, "read the symbolic link", error.value());
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  return target;
}

/// Throws unless `target` is absent or a regular file in an existing folder; `path` is its name as
/// the user gave it.
void check_target(const fs::path& path, const fs::path& target) {
  if (!target.has_filename()) throw CapsuleError(fmt::format("'{}' names no file", path.string()));
  struct stat info {};
  if (::stat(folder_of(target).c_str(), &info) != 0) fail_to_write(path, "find its folder", errno);
  if (!S_ISDIR(info.st_mode)) fail_to_write(path, "find its folder", ENOTDIR);
  if (::stat(target.c_str(), &info) != 0) {
    if (errno != ENOENT) fail_to_write(path, "look at it", errno);
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

}  // namespace

struct AtomicFile::Parts {
  Parts(const fs::path& as_given, FileCalls& file_calls)
      : calls(file_calls),
        path(as_given),
        target(checked_target(as_given)),
        file(path, target, calls) {}
  FileCalls& calls;
  fs::path path;
  fs::path target;
  TemporaryFile file;
};

AtomicFile::AtomicFile(const fs::path& path, FileCalls& calls)
    : parts_(std::make_unique<Parts>(path, calls)) {}
AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::string_view content) { parts_->file.write(content); }

void AtomicFile::commit() {
  parts_->file.keep_mode_of(parts_->target);
  parts_->file.rename_to(parts_->target);
  sync_folder(parts_->path, folder_of(parts_->target), parts_->calls);
}

void write_file_atomically(const fs::path& path, std::string_view content, FileCalls& calls) {
  AtomicFile file(path, calls);
  file.write(content);
  file.commit();
}

void check_writable(const fs::path& path, FileCalls& calls) {
  TemporaryFile probe(path, checked_target(path), calls);
  probe.write("x");
}

}  // namespace fidelio
