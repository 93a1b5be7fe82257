// How often the timing rule is wrong under a known noise: seeded series of a machine that drifts,
// wanders and is sometimes disturbed. The rates are properties of the rule, not of this machine.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "capsules/timing.h"
#include "tests/capsules/speed_series.h"

namespace fidelio::testing {
namespace {

/// Log tok/s of successive runs: white noise of 0.5%, a stationary wander of 1.5% that keeps 0.9 of
/// itself from run to run, a drift over the whole series of 2% either way, and in one run of 20 a
/// drop of 7.5% to 22.5%.
std::vector<double> noisy_runs(std::mt19937_64& random, int n) {
  constexpr double kKept = 0.9;
  constexpr double kWander = 0.015;
  std::normal_distribution<double> normal(0, 1);
  std::uniform_real_distribution<double> uniform(0, 1);
  const double drift = 0.02 * normal(random);
  double wander = kWander * normal(random);
  std::vector<double> out;
  for (int i = 0; i < n; ++i) {
    wander = kKept * wander + kWander * std::sqrt(1 - kKept * kKept) * normal(random);
    const double drop = uniform(random) < 0.05 ? 0.15 * (0.5 + uniform(random)) : 0;
    out.push_back(0.005 * normal(random) + wander + drift * i / (n - 1) - drop);
  }
  return out;
}

/// The log ratios of pairs in the order AB, BA, AB, ... of a patched arm that is `effect` faster.
std::vector<double> noisy_pairs(std::mt19937_64& random, int pairs, double effect) {
  const std::vector<double> runs = noisy_runs(random, 2 * pairs);
  std::vector<double> out;
  for (int i = 0; i < pairs; ++i) {
    const auto first = static_cast<std::size_t>(2 * i);
    const double later = runs[first + 1] - runs[first];
    out.push_back((i % 2 == 0 ? later : -later) + std::log1p(effect));
  }
  return out;
}

/// A record whose pairs are the first `pairs` of `log_ratios`.
void set_pairs(Record& record, const std::vector<double>& log_ratios, int pairs) {
  record.runs.clear();
  add_pairs(record, std::vector<double>(log_ratios.begin(), log_ratios.begin() + pairs));
}

struct Rates {
  int trials = 0;
  int regressions = 0;
  int undecided = 0;
  int second_looks = 0;
  double regression() const { return static_cast<double>(regressions) / trials; }
};

Rates simulate(int trials, double effect, int looks, std::uint64_t seed) {
  constexpr int kPairs = 15;
  std::mt19937_64 random(seed);
  Record record = with_series(around(kPairs, 1.0));
  record.options.looks = looks;
  Rates out;
  out.trials = trials;
  for (int trial = 0; trial < trials; ++trial) {
    const std::vector<double> ratios = noisy_pairs(random, looks * kPairs, effect);
    set_pairs(record, ratios, kPairs);
    std::string outcome = judge_timing(record, Phase::decode).outcome;
    if (looks > 1 && outcome == "inconclusive") {
      ++out.second_looks;
      set_pairs(record, ratios, looks * kPairs);
      outcome = judge_timing(record, Phase::decode).outcome;
    }
    out.regressions += outcome == "regression" ? 1 : 0;
    out.undecided += outcome == "inconclusive" ? 1 : 0;
  }
  return out;
}

void report(const char* what, const Rates& rates) {
  std::printf("%s: %d trials, regressions %.2f%%, undecided %.2f%%, second looks %.2f%%\n", what,
              rates.trials, 100 * rates.regression(), 100.0 * rates.undecided / rates.trials,
              100.0 * rates.second_looks / rates.trials);
}

TEST(TimingSimulation, CallsHardlyAnythingARegressionThatIsNone) {
  const Rates one = simulate(3000, 0, 1, 1);
  const Rates two = simulate(2000, 0, 2, 2);
  report("no difference, one look", one);
  report("no difference, two looks", two);
  EXPECT_LT(one.regression(), 0.005);
  EXPECT_LT(two.regression(), 0.005);
}

TEST(TimingSimulation, FindsThreePercent) {
  const Rates one = simulate(1000, -0.03, 1, 3);
  const Rates two = simulate(1000, -0.03, 2, 4);
  report("3% slower, one look", one);
  report("3% slower, two looks", two);
  EXPECT_GE(one.regression(), 0.8);
  EXPECT_GE(two.regression(), 0.8);
}

TEST(TimingSimulation, WouldNotFindItInSeriesOfSixPairs) {
  // The twin: what makes the difference is the number of pairs, not the rule's good will.
  std::mt19937_64 random(5);
  Record record = with_series(around(6, 1.0));
  int found = 0;
  for (int trial = 0; trial < 300; ++trial) {
    set_pairs(record, noisy_pairs(random, 6, -0.03), 6);
    found += judge_timing(record, Phase::decode).outcome == "regression" ? 1 : 0;
  }
  EXPECT_LT(found, 240);
}

}  // namespace
}  // namespace fidelio::testing
