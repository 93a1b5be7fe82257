// Two commands, run in alternation: AB, BA, AB, ... Each prints one line of JSON with prefill_tok_s
// and decode_tok_s; the answer is the ratio of the first to the second with its interval, judged
// as capsules/timing.h judges pairs. Machines are shared: only figures of one alternation are
// comparable.
// Usage: against ROUNDS 'COMMAND A' 'COMMAND B'
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "capsules/statistics.h"

namespace fidelio {
namespace {

constexpr std::array<const char*, 2> kPhases = {"prefill_tok_s", "decode_tok_s"};

/// The last line that the command prints, as JSON.
nlohmann::json figures_of(const char* command) {
  FILE* pipe = ::popen(command, "r");
  if (pipe == nullptr) throw std::runtime_error(std::string("cannot run ") + command);
  std::string line;
  std::array<char, 4096> text{};
  while (std::fgets(text.data(), text.size(), pipe) != nullptr) line = text.data();
  if (::pclose(pipe) != 0) throw std::runtime_error(std::string("failed: ") + command);
  return nlohmann::json::parse(line);
}

void run(int rounds, const std::array<const char*, 2>& commands) {
  std::array<std::array<std::vector<double>, 2>, 2> rates;  // [command][phase]
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 2; ++i) {
      const auto side = static_cast<std::size_t>((round + i) % 2);
      const nlohmann::json figures = figures_of(commands[side]);
      for (std::size_t phase = 0; phase < kPhases.size(); ++phase)
        rates[side][phase].push_back(figures.at(kPhases[phase]));
    }
    fmt::print(stderr, "round {}: {:.2f} | {:.2f} prefill, {:.2f} | {:.2f} decode tok/s\n",
               round + 1, rates[0][0].back(), rates[1][0].back(), rates[0][1].back(),
               rates[1][1].back());
  }
  for (std::size_t phase = 0; phase < kPhases.size(); ++phase) {
    std::vector<double> log_ratios;
    for (std::size_t i = 0; i < rates[0][phase].size(); ++i)
      log_ratios.push_back(std::log(rates[0][phase][i] / rates[1][phase][i]));
    const ShiftEstimate shift = signed_rank_shift(log_ratios);
    fmt::print("{}: {:.2f} against {:.2f} = {:.3f}x", kPhases[phase], median(rates[0][phase]),
               median(rates[1][phase]), std::exp(shift.estimate));
    if (shift.low)
      fmt::print(" ({:.3f} to {:.3f}, {:.1f}%)", std::exp(*shift.low), std::exp(*shift.high),
                 100 * shift.confidence);
    fmt::print(", {} rounds\n", rounds);
  }
}

}  // namespace
}  // namespace fidelio

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: against ROUNDS 'COMMAND A' 'COMMAND B'\n");
    return 2;
  }
  fidelio::run(std::atoi(argv[1]), {argv[2], argv[3]});
  return 0;
}
