// Series of pairs made to measure, for tests of what is said of speed: a capsule of one prompt
// whose pairs have the log ratios given. Nothing is judged here.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "tests/capsules/example_record.h"

namespace fidelio::testing {

/// Of n pairs around ln `ratio`, up to `noise` away from it; no two alike in size.
inline std::vector<double> around(int n, double ratio, double noise = 0.001) {
  std::vector<double> out;
  for (int i = 0; i < n; ++i)
    out.push_back(std::log(ratio) + noise * (2.0 * ((i * 7) % n) / (n > 1 ? n - 1 : 1) - 1.0));
  return out;
}

/// Adds a pair a log ratio of decode; prefill takes the same time in both arms.
inline void add_pairs(Record& record, const std::vector<double>& log_ratios,
                      std::int64_t launch = 0) {
  std::int64_t order = record.runs.empty() ? 0 : record.runs.back().order + 1;
  std::int64_t pair = record.runs.empty() ? 0 : record.runs.back().pair + 1;
  for (const double ratio : log_ratios) {
    for (const char* arm : {"baseline", "patched"}) {
      RunRecord run = example_run(order++, pair, arm, 0);
      const double speed = std::string(arm) == "patched" ? std::exp(ratio) : 1.0;
      run.decode_ns = static_cast<std::int64_t>(1e10 / speed);
      run.first_token_ns = 2'000'000;
      run.launch = launch;
      record.runs.push_back(run);
    }
    ++pair;
  }
}

/// The example with one prompt and these pairs; its timing decides.
inline Record with_series(const std::vector<double>& log_ratios) {
  Record record = example_record();
  record.prompts.resize(1);
  record.generations.resize(1);
  record.evidence.resize(1);
  record.comparisons.resize(record.options.widths.size());
  record.bandwidth.clear();
  record.noise_floor.reset();
  record.options.runs = static_cast<std::int64_t>(log_ratios.size());
  record.options.require_timing = true;
  record.runs.clear();
  add_pairs(record, log_ratios);
  return record;
}

/// Pairs measured again by a fresh process.
inline void add_confirmation(Record& record, const std::vector<double>& log_ratios) {
  record.launches = {{"measure", record.created, 1}, {"confirm", record.created, 1}};
  add_pairs(record, log_ratios, 1);
}

}  // namespace fidelio::testing
