// Small files of /proc, read anew at each call.
#include "capsules/run_accounting.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <string>

#include "capsules/environment_text.h"

namespace fidelio {
bool RunAccounting::reset_peak_memory() const {
  const int fd = ::open((proc / "self/clear_refs").c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, "5", 1) == 1;
  ::close(fd);
  return written;
}

std::int64_t RunAccounting::peak_memory_bytes() const {
  return parse_bytes(colon_value(text_of(proc / "self/status"), "VmHWM"));
}

std::int64_t RunAccounting::steal_ticks() const {
  return parse_steal_ticks(text_of(proc / "stat"));
}

std::int64_t RunAccounting::involuntary_switches() const {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

double RunAccounting::load_average() const {
  const std::string text = text_of(proc / "loadavg");
  double load = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), load);
  return error == std::errc() && std::isfinite(load) && load >= 0 ? load : 0;
}

std::int64_t parse_steal_ticks(std::string_view stat) {
  constexpr std::string_view kLabel = "cpu ";
  if (!stat.starts_with(kLabel)) return 0;
  stat = trim(stat.substr(kLabel.size(), stat.find('\n') - kLabel.size()));
  for (int skipped = 0; skipped < 7; ++skipped) {
    const std::size_t space = stat.find(' ');
    if (space == std::string_view::npos) return 0;
    stat = trim(stat.substr(space));
  }
  std::int64_t ticks = 0;
  std::from_chars(stat.data(), stat.data() + stat.size(), ticks);
  return ticks < 0 ? 0 : ticks;
}

}  // namespace fidelio
