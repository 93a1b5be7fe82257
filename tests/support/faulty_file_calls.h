// System calls that fail on demand: the N-th of them with an error, halfway, or with the death of
// the process. All others are the system's.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "capsules/file_calls.h"

namespace fidelio::testing {

struct Fault {
  enum Kind {
    none,
    error,        ///< the call does nothing and fails with `code`
    short_write,  ///< a write takes half of what it is given; other calls work
    empty_write,  ///< a write takes nothing and says so
    cut_write,    ///< a write takes half, the next call fails with `code`
    kill,         ///< the process ends instead of the call; a write has taken half
  };
  Kind kind = none;
  int at = 0;  ///< the N-th call, from 0
  int code = 0;
};

class FaultyFileCalls final : public FileCalls {
 public:
  static constexpr int kKilled = 77;  ///< the exit code of a killed process

  explicit FaultyFileCalls(const Fault& fault = {}) : fault_(fault) {}

  /// The names of the calls made so far, failed ones among them.
  const std::vector<std::string>& calls() const { return calls_; }

  int open(const char* path, int flags, mode_t mode) override {
    return call("open", [&] { return real_.open(path, flags, mode); });
  }
  int flock(int fd, int operation) override {
    return call("flock", [&] { return real_.flock(fd, operation); });
  }
  ssize_t write(int fd, const void* data, std::size_t n_bytes) override {
    if (fault_.at == static_cast<int>(calls_.size())) {
      if (fault_.kind == Fault::empty_write) n_bytes = 0;
      if (fault_.kind == Fault::short_write || fault_.kind == Fault::cut_write) n_bytes /= 2;
      if (fault_.kind == Fault::kill) real_.write(fd, data, n_bytes / 2);
    }
    return call("write", [&] { return real_.write(fd, data, n_bytes); });
  }
  int fchmod(int fd, mode_t mode) override {
    return call("fchmod", [&] { return real_.fchmod(fd, mode); });
  }
  int fsync(int fd) override {
    return call("fsync", [&] { return ::fcntl(fd, F_GETFD) < 0 ? -1 : 0; });
  }
  int rename(const char* from, const char* to) override {
    return call("rename", [&] { return real_.rename(from, to); });
  }
  /// One that fails has closed nevertheless, as Linux does.
  int close(int fd) override {
    real_.close(fd);
    return call("close", [] { return 0; });
  }
  int unlink(const char* path) override {
    return call("unlink", [&] { return real_.unlink(path); });
  }

 private:
  template <typename Call>
  auto call(const char* name, Call&& real) -> decltype(real()) {
    const int index = static_cast<int>(calls_.size());
    calls_.emplace_back(name);
    if (fault_.kind == Fault::kill && index == fault_.at) ::_exit(kKilled);
    const bool fails = (fault_.kind == Fault::error && index == fault_.at) ||
                       (fault_.kind == Fault::cut_write && index == fault_.at + 1);
    if (!fails) return real();
    errno = fault_.code;
    return -1;
  }

  FileCalls& real_ = system_file_calls();
  Fault fault_;
  std::vector<std::string> calls_;
};

}  // namespace fidelio::testing
