// Memory with an unreadable page behind it, so that a kernel which reads too far crashes its test.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <vector>

namespace fidelio::testing {

/// Bytes that end where readable memory ends: a read beyond them is a crash.
class GuardedBytes {
 public:
  explicit GuardedBytes(const std::vector<std::byte>& bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t readable = (bytes.size() + page - 1) / page * page;
    size_ = readable + page;
    mapping_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<std::byte*>(mapping_) + readable - bytes.size();
    std::memcpy(begin_, bytes.data(), bytes.size());
    if (mprotect(static_cast<std::byte*>(mapping_) + readable, page, PROT_NONE) != 0)
      throw std::bad_alloc();
  }
  ~GuardedBytes() { munmap(mapping_, size_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  const std::byte* begin() const { return begin_; }

 private:
  void* mapping_ = nullptr;
  std::size_t size_ = 0;
  std::byte* begin_ = nullptr;
};

}  // namespace fidelio::testing
