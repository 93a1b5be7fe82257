#include "validate/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace fidelio {

Progress::Progress(std::int64_t total, bool enabled)
    : total_(std::max<std::int64_t>(total, 1)),
      enabled_(enabled),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { clear(); }

bool Progress::wanted() { return isatty(STDERR_FILENO) == 1; }

void Progress::phase(const std::string& name) {
  phase_ = name;
  draw(true);
}

void Progress::advance(std::int64_t steps) {
  done_ += steps;
  draw(false);
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void Progress::draw(bool now) {
  if (!enabled_) return;
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - last_ < std::chrono::milliseconds(100)) return;
  last_ = time;
  constexpr int kWidth = 30;
  const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  const auto filled = static_cast<int>(share * kWidth);
  const double elapsed = std::chrono::duration<double>(time - start_).count();
  const std::string left =
      share > 0.02 ? fmt::format("  {:.0f} s left", elapsed / share - elapsed) : "";
  const std::string bar = std::string(static_cast<std::size_t>(filled), '#') +
                          std::string(static_cast<std::size_t>(kWidth - filled), '.');
  std::fputs(fmt::format("\r\033[K[{}] {:3.0f}%  {}{}", bar, 100 * share, phase_, left).c_str(),
             stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace fidelio
