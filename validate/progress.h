// A progress bar on stderr: drawn on a terminal, silent elsewhere. Results go to stdout and are not
// its business.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fidelio {

class Progress {
 public:
  /// `total` steps of work in all; `enabled` false draws nothing.
  Progress(std::int64_t total, bool enabled);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// True when stderr is a terminal.
  static bool wanted();

  void phase(const std::string& name);
  void advance(std::int64_t steps = 1);
  /// Removes the bar, so that other text can follow.
  void clear();

 private:
  void draw(bool now);

  std::int64_t total_;
  std::int64_t done_ = 0;
  bool enabled_;
  bool drawn_ = false;
  std::string phase_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace fidelio
