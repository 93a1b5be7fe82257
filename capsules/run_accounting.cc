// Small files of /proc and /sys, read anew at each call.
#include "capsules/run_accounting.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

#include "capsules/environment_text.h"

namespace fidelio {
namespace {

/// 0 for what is no finite number of 0 or more, as far as it is one.
double number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && std::isfinite(number) && number >= 0 ? number : 0;
}

struct Mean {
  double sum = 0;
  int n = 0;

  void add(double value) {
    if (!(value > 0)) return;
    sum += value;
    ++n;
  }
  double value() const { return n == 0 ? 0 : sum / n; }
};

/// Of all processors that have a frequency governor; kHz in the files.
double cpufreq_mhz(const std::filesystem::path& cpus) {
  Mean mean;
  std::error_code error;
  for (std::filesystem::directory_iterator cpu(cpus, error), end; !error && cpu != end;
       cpu.increment(error)) {
    mean.add(number_of(text_of(cpu->path() / "cpufreq/scaling_cur_freq")) / 1000);
  }
  return mean.value();
}

}  // namespace

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

std::int64_t RunAccounting::voluntary_switches() const {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nvcsw : 0;
}

double RunAccounting::cpu_mhz() const {
  const double mhz = parse_cpu_mhz(text_of(proc / "cpuinfo"));
  return mhz > 0 ? mhz : cpufreq_mhz(cpus);
}

double RunAccounting::load_average() const { return number_of(text_of(proc / "loadavg")); }

double parse_cpu_mhz(std::string_view cpuinfo) {
  constexpr std::string_view kLabel = "cpu MHz";
  Mean mean;
  while (!cpuinfo.empty()) {
    const std::string_view line = cpuinfo.substr(0, cpuinfo.find('\n'));
    cpuinfo.remove_prefix(std::min(cpuinfo.size(), line.size() + 1));
    const std::size_t colon = line.find(':');
    if (line.starts_with(kLabel) && colon != std::string_view::npos)
      mean.add(number_of(trim(line.substr(colon + 1))));
  }
  return mean.value();
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
