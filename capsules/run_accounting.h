// What the system says about one run while it is measured: memory high-water mark, time stolen by
// other guests, switches, load. The clock is the caller's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace fidelio {

/// Reads /proc (another folder: tests). What the system does not say is 0. The ticks and switches
/// are totals; a run's are the difference of two readings.
struct RunAccounting {
  std::filesystem::path proc = "/proc";

  /// Sets the high-water mark to what is resident now; false where the system does not allow it,
  /// and peak_memory_bytes() then spans all runs so far.
  bool reset_peak_memory() const;
  /// Of this process since it started or since the last reset.
  std::int64_t peak_memory_bytes() const;
  /// Of all CPUs since the system started, in clock ticks.
  std::int64_t steal_ticks() const;
  /// Of all threads of this process since it started.
  std::int64_t involuntary_switches() const;
  /// Over the last minute.
  double load_average() const;
};

/// The eighth figure of the line "cpu" of /proc/stat; 0 when there is none.
std::int64_t parse_steal_ticks(std::string_view stat);

}  // namespace fidelio
