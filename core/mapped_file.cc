// POSIX mmap behind MappedFile, of the file or of anonymous memory. The mapping is private and
// read-only; forked children share its pages.
#include "core/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void cannot_open(const std::filesystem::path& path, int error) {
  throw UserError(fmt::format("{}: cannot open: {}", path_text(path), std::strerror(error)));
}

/// Bytes after a file's own in anonymous memory: a vector load that begins inside ends inside.
constexpr std::size_t kSlackBytes = 64;

/// A new mapping that is unmapped again unless it is released.
class Mapping {
 public:
  explicit Mapping(std::size_t size) : size_(size) {
    start_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (start_ != MAP_FAILED) ::munmap(start_, size_);
  }
  bool made() const { return start_ != MAP_FAILED; }
  std::byte* data() const { return static_cast<std::byte*>(start_); }
  void release() { start_ = MAP_FAILED; }

 private:
  void* start_ = MAP_FAILED;
  std::size_t size_ = 0;
};

/// Exactly `size` bytes of the file; the system may give them in parts.
void read_whole(const std::filesystem::path& path, int file, std::byte* to, std::size_t size) {
  constexpr std::size_t kPart = std::size_t{1} << 30;  // Linux reads less than 2 GiB at once
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(file, to + done, std::min(kPart, size - done), static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw UserError(fmt::format("{}: cannot read: {}", path_text(path), std::strerror(errno)));
    }
    if (got == 0) {
      throw UserError(
          fmt::format("{}: found the end after {} bytes, expected {}: it became shorter while it "
                      "was read",
                      path_text(path), done, size));
    }
    done += static_cast<std::size_t>(got);
  }
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path, LoadMode mode) {
  // Non-blocking, or a named pipe would hang here before it can be refused.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) cannot_open(path, errno);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) cannot_open(path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw UserError(fmt::format("{}: found {}, expected a regular file", path_text(path),
                                S_ISDIR(status.st_mode) ? "a directory" : "a special file"));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile(path, {}, 0);
  if (mode == LoadMode::read) {
    Mapping memory(size + kSlackBytes);
    if (!memory.made()) {
      throw UserError(
          fmt::format("{}: cannot get {} bytes of memory for it: {}; expected as much, "
                      "or --load mmap",
                      path_text(path), size, std::strerror(errno)));
    }
    read_whole(path, file.get(), memory.data(), size);
    // A stray write must fault here as it does in a mapping of the file.
    if (::mprotect(memory.data(), size + kSlackBytes, PROT_READ) != 0) cannot_open(path, errno);
    MappedFile loaded(path, {memory.data(), size}, size + kSlackBytes);
    memory.release();
    return loaded;
  }
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start == MAP_FAILED) cannot_open(path, errno);
  return MappedFile(path, {static_cast<const std::byte*>(start), size}, size);
}

MappedFile::MappedFile(std::filesystem::path path, std::span<const std::byte> bytes,
                       std::size_t mapped_bytes)
    : path_(std::move(path)), bytes_(bytes), mapped_bytes_(mapped_bytes) {}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      bytes_(std::exchange(other.bytes_, {})),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(bytes_, other.bytes_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (mapped_bytes_ > 0) ::munmap(const_cast<std::byte*>(bytes_.data()), mapped_bytes_);
}

void MappedFile::prefetch() const {
  if (!bytes_.empty())
    ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_WILLNEED);
}

std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const MappedFile file = MappedFile::open(path);
  if (file.bytes().size() > max_bytes) {
    throw UserError(fmt::format("{}: found {} bytes, expected at most {}", path_text(path),
                                file.bytes().size(), max_bytes));
  }
  return std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
}

}  // namespace fidelio
