// What is read while a run is measured: texts of /proc, and this process.
#include "capsules/run_accounting.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

using testing::TempDir;

constexpr std::size_t kBallast = std::size_t{64} << 20;

/// Makes kBallast bytes resident and gives them back to the system, which an allocator need not do.
void touch_memory() {
  void* ballast = ::mmap(nullptr, kBallast, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(ballast, MAP_FAILED);
  ASSERT_EQ(::munmap(ballast, kBallast), 0);
}

TEST(RunAccounting, SeesTheHighWaterMark) {
  const RunAccounting accounting;
  touch_memory();

  EXPECT_GE(accounting.peak_memory_bytes(), static_cast<std::int64_t>(kBallast));
}

TEST(RunAccounting, ForgetsAnEarlierRunsMemoryAfterAReset) {
  const RunAccounting accounting;
  touch_memory();
  const std::int64_t before = accounting.peak_memory_bytes();

  if (!accounting.reset_peak_memory()) GTEST_SKIP() << "this system does not allow it";

  EXPECT_LE(accounting.peak_memory_bytes(), before - static_cast<std::int64_t>(kBallast / 2));
}

TEST(RunAccounting, ReadsTheFilesOfProc) {
  const TempDir proc;
  proc.write("self/status", "Name:\tvalidate\nVmPeak:\t 9 kB\nVmHWM:\t  2048 kB\n");
  proc.write("stat", "cpu  1 2 3 4 5 6 7 88 9 10\ncpu0 1 2 3 4 5 6 7 99 9 10\n");
  proc.write("loadavg", "1.25 0.50 0.10 2/300 4711\n");
  const RunAccounting accounting{proc.path()};

  EXPECT_EQ(accounting.peak_memory_bytes(), 2 << 20);
  EXPECT_EQ(accounting.steal_ticks(), 88);
  EXPECT_EQ(accounting.load_average(), 1.25);
}

TEST(RunAccounting, IsZeroWhereTheSystemSaysNothing) {
  const TempDir empty;
  const RunAccounting accounting{empty.path()};

  EXPECT_FALSE(accounting.reset_peak_memory());
  EXPECT_EQ(accounting.peak_memory_bytes(), 0);
  EXPECT_EQ(accounting.steal_ticks(), 0);
  EXPECT_EQ(accounting.load_average(), 0);
  EXPECT_EQ(RunAccounting({empty.path(), empty.path()}).cpu_mhz(), 0);
}

TEST(RunAccounting, TakesTheMeanClockOfCpuinfo) {
  const TempDir proc;
  proc.write("cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2000.000\nprocessor: 1\ncpu MHz : 3000.5\n");
  proc.write("cpu0/cpufreq/scaling_cur_freq", "900000\n");

  EXPECT_DOUBLE_EQ(RunAccounting({proc.path(), proc.path()}).cpu_mhz(), 2500.25);
}

TEST(RunAccounting, AsksCpufreqWhereCpuinfoHasNoClock) {
  const TempDir proc;
  proc.write("cpuinfo", "processor\t: 0\nBogoMIPS\t: 50.00\n");
  proc.write("cpu0/cpufreq/scaling_cur_freq", "900000\n");
  proc.write("cpu1/cpufreq/scaling_cur_freq", "1500000\n");
  proc.write("cpufreq/boost", "1\n");

  EXPECT_DOUBLE_EQ(RunAccounting({proc.path(), proc.path()}).cpu_mhz(), 1200);
}

TEST(RunAccounting, CountsSwitchesUpwards) {
  const RunAccounting accounting;
  const std::int64_t before = accounting.involuntary_switches();

  EXPECT_GE(before, 0);
  EXPECT_GE(accounting.involuntary_switches(), before);
}

TEST(RunAccounting, CountsAWaitAsAVoluntarySwitch) {
  const RunAccounting accounting;
  const std::int64_t before = accounting.voluntary_switches();

  std::this_thread::sleep_for(std::chrono::milliseconds(2));

  EXPECT_GT(accounting.voluntary_switches(), before);
}

TEST(ParseCpuMhz, OfDamagedTextIsZero) {
  for (const char* text : {"", "cpu MHz", "cpu MHz :", "cpu MHz : x", "cpu MHz : -5", "MHz : 3\n",
                           "cpu MHz : inf\n", "cpu MHz : 0.000\n"})
    EXPECT_EQ(parse_cpu_mhz(text), 0) << text;
}

TEST(ParseStealTicks, OfOldOrDamagedTextIsZero) {
  for (const char* text : {"", "cpu", "cpu ", "cpu  1 2 3", "cpu  1 2 3 4 5 6 7", "cpu0 1 2 3 4",
                           "cpu  1 2 3 4 5 6 7 x", "cpu  1 2 3 4 5 6 7 -8\n"})
    EXPECT_EQ(parse_steal_ticks(text), 0) << text;
}

}  // namespace
}  // namespace fidelio
