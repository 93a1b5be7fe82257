// What the system says about one run while it is measured: memory high-water mark, time stolen by
// other guests, switches, load, the processors' frequency. Timing is the caller's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace fidelio {

/// Reads /proc and /sys (other folders: tests). What the system does not say is 0. The ticks and
/// switches are totals; a run's are the difference of two readings.
struct RunAccounting {
  std::filesystem::path proc = "/proc";
  std::filesystem::path cpus = "/sys/devices/system/cpu";

  /// Sets the high-water mark to what is resident now; false where the system does not allow it,
  /// and peak_memory_bytes() then spans all runs so far.
  bool reset_peak_memory() const;
  /// Of this process since it started or since the last reset.
  std::int64_t peak_memory_bytes() const;
  /// Of all CPUs since the system started, in clock ticks.
  std::int64_t steal_ticks() const;
  /// Of all threads of this process since it started.
  std::int64_t involuntary_switches() const;
  /// The same of switches that a thread asked for by waiting.
  std::int64_t voluntary_switches() const;
  /// Mean clock of all processors now: what /proc/cpuinfo says, else cpufreq.
  double cpu_mhz() const;
  /// Over the last minute.
  double load_average() const;
};

/// The eighth figure of the line "cpu" of /proc/stat; 0 when there is none.
std::int64_t parse_steal_ticks(std::string_view stat);

/// The mean of the lines "cpu MHz" of /proc/cpuinfo; 0 without one that is a positive number.
double parse_cpu_mhz(std::string_view cpuinfo);

}  // namespace fidelio
