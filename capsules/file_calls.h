// The system calls that write files, as an object: so that tests can let any of them fail, or end
// the process, at any moment. What is done with them is capsules/atomic_file.h; reading needs none
// of this.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace fidelio {

/// Each member is the POSIX call of its name, errno and all.
class FileCalls {
 public:
  FileCalls() = default;
  FileCalls(const FileCalls&) = delete;
  FileCalls& operator=(const FileCalls&) = delete;
  virtual ~FileCalls() = default;

  virtual int open(const char* path, int flags, mode_t mode) = 0;
  virtual int flock(int fd, int operation) = 0;
  virtual ssize_t write(int fd, const void* data, std::size_t n_bytes) = 0;
  virtual int fchmod(int fd, mode_t mode) = 0;
  virtual int fsync(int fd) = 0;
  virtual int rename(const char* from, const char* to) = 0;
  virtual int close(int fd) = 0;
  virtual int unlink(const char* path) = 0;
};

/// The system's own.
FileCalls& system_file_calls();

}  // namespace fidelio
