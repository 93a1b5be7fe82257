#include "capsules/bounded_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "capsules/capsule_error.h"

namespace fidelio {
namespace {

[[noreturn]] void fail_to_read(const std::filesystem::path& path, int error) {
  throw CapsuleError(
      fmt::format("{}: cannot read it: {}", path.string(), std::generic_category().message(error)));
}

/// All of an open regular file. Everything is asked of the open file: at its path there may be
/// another one by now, of another size.
std::string read_to_end(const std::filesystem::path& path, int fd, std::size_t max_bytes,
                        const char* what) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) fail_to_read(path, errno);
  if (S_ISDIR(info.st_mode)) fail_to_read(path, EISDIR);
  if (!S_ISREG(info.st_mode))
    throw CapsuleError(fmt::format("{}: is no regular file; {} was expected", path.string(), what));
  const auto size = static_cast<std::uintmax_t>(info.st_size);
  if (size > max_bytes)
    throw CapsuleError(fmt::format("{}: found {} bytes, expected {} of at most {}", path.string(),
                                   size, what, max_bytes));
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t n = ::read(fd, &text[filled], text.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_to_read(path, errno);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  text.resize(filled);
  return text;
}

}  // namespace

std::string bounded_file_text(const std::filesystem::path& path, std::size_t max_bytes,
                              const char* what) {
  // Without O_NONBLOCK a pipe would wait for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail_to_read(path, errno);
  std::string text;
  try {
    text = read_to_end(path, fd, max_bytes, what);
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
  return text;
}

}  // namespace fidelio
