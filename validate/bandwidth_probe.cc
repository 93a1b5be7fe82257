#include "validate/bandwidth_probe.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "kernels/share.h"

namespace fidelio {
namespace {

constexpr std::size_t kBytes = std::size_t{128} << 20;
constexpr std::size_t kStreams = 8;
constexpr std::size_t kLine = 8;  // words of 8 bytes

std::uint64_t read_share(const std::vector<std::uint64_t>& memory, Share share) {
  const std::size_t stream = memory.size() / kStreams;
  const Range lines = share.of(stream / kLine);
  std::uint64_t sum = 0;
  for (std::size_t line = lines.begin; line < lines.end; ++line) {
    for (std::size_t s = 0; s < kStreams; ++s) {
      const std::uint64_t* words = &memory[s * stream + line * kLine];
      for (std::size_t i = 0; i < kLine; ++i) sum += words[i];
    }
  }
  return sum;
}

}  // namespace

double probe_read_bandwidth(ThreadTeam& team) {
  const std::vector<std::uint64_t> memory(kBytes / sizeof(std::uint64_t), 1);
  std::atomic<std::uint64_t> total{0};  // keeps the reads alive
  const auto start = std::chrono::steady_clock::now();
  team.run([&](std::size_t thread) {
    total += read_share(memory, Share{thread, team.size(), nullptr});
  });
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return total > 0 ? static_cast<double>(kBytes) / elapsed.count() : 0.0;
}

}  // namespace fidelio
