#include "validate/synth/staged_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio::synth {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
  throw UserError(fmt::format("{}: cannot {}: {}", path_text(path), what,
                              std::generic_category().message(error)));
}

}  // namespace

StagedFiles::StagedFiles(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  if (fs::is_directory(folder_, error)) return;
  if (!fs::create_directory(folder_, error))
    fail(folder_, "make the folder", error ? error.value() : ENOTDIR);
  made_folder_ = true;
}

StagedFiles::~StagedFiles() {
  close_all();
  std::error_code ignored;
  for (const File& file : files_) fs::remove(file.part, ignored);
  if (made_folder_) fs::remove(folder_, ignored);  // fails where something was committed
}

void StagedFiles::close_all() {
  for (File& file : files_) {
    if (file.fd >= 0) ::close(file.fd);
    file.fd = -1;
  }
}

std::size_t StagedFiles::add(const std::string& name, std::uint64_t bytes) {
  File file{folder_ / name, folder_ / (name + ".part"), -1};
  file.fd = ::open(file.part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file.fd < 0) fail(file.part, "create it", errno);
  files_.push_back(file);
  if (bytes == 0) return files_.size() - 1;
  // A file system that cannot reserve tells of a full disk when it is written to.
  if (::fallocate(file.fd, 0, 0, static_cast<off_t>(bytes)) != 0 && errno != EOPNOTSUPP)
    fail(file.part, fmt::format("reserve {} bytes", bytes).c_str(), errno);
  return files_.size() - 1;
}

void StagedFiles::write(std::size_t file, std::uint64_t offset,
                        std::span<const std::byte> bytes) const {
  const File& to = files_.at(file);
  const auto begin = static_cast<off_t>(offset);
  const auto length = static_cast<off_t>(bytes.size());
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(to.fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(to.part, "write it", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  // The disk starts at once, so that sync() has little left to wait for; only a hint.
  (void)::sync_file_range(to.fd, begin, length, SYNC_FILE_RANGE_WRITE);
}

void StagedFiles::sync(std::size_t file) const {
  const File& which = files_.at(file);
  if (::fsync(which.fd) != 0) fail(which.part, "write it to the disk", errno);
}

void StagedFiles::commit() {
  close_all();
  for (File& file : files_) {
    if (::rename(file.part.c_str(), file.path.c_str()) != 0) fail(file.path, "name it", errno);
    file.part = file.path;  // to be removed if a later one fails
  }
  files_.clear();
  made_folder_ = false;
  const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // a folder that may be written but not read
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0 && error != EINVAL) fail(folder_, "write it to the disk", error);
}

}  // namespace fidelio::synth
