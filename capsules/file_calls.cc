#include "capsules/file_calls.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace fidelio {
namespace {

class SystemFileCalls final : public FileCalls {
 public:
  int open(const char* path, int flags, mode_t mode) override { return ::open(path, flags, mode); }
  int flock(int fd, int operation) override { return ::flock(fd, operation); }
  ssize_t write(int fd, const void* data, std::size_t n_bytes) override {
    return ::write(fd, data, n_bytes);
  }
  int fchmod(int fd, mode_t mode) override { return ::fchmod(fd, mode); }
  int fsync(int fd) override { return ::fsync(fd); }
  int rename(const char* from, const char* to) override { return ::rename(from, to); }
  int close(int fd) override { return ::close(fd); }
  int unlink(const char* path) override { return ::unlink(path); }
};

}  // namespace

FileCalls& system_file_calls() {
  static SystemFileCalls calls;
  return calls;
}

}  // namespace fidelio
