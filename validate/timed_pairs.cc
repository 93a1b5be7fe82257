#include "validate/timed_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "capsules/run_accounting.h"
#include "capsules/timing.h"
#include "core/checksum.h"
#include "validate/bandwidth_probe.h"
#include "validate/float_environment.h"
#include "validate/interrupt.h"

namespace fidelio {
namespace {

/// The totals of the system at the beginning of a run, and the figures of the run at its end.
class RunWatch {
 public:
  RunWatch() { accounting_.reset_peak_memory(); }

  void fill(RunRecord& run) const {
    run.peak_memory_bytes = accounting_.peak_memory_bytes();
    run.load_average = accounting_.load_average();
    run.steal_ticks = accounting_.steal_ticks() - steal_;
    run.involuntary_switches = accounting_.involuntary_switches() - involuntary_;
    run.voluntary_switches = accounting_.voluntary_switches() - voluntary_;
    run.cpu_mhz = accounting_.cpu_mhz();
  }

 private:
  RunAccounting accounting_;
  std::int64_t steal_ = accounting_.steal_ticks();
  std::int64_t involuntary_ = accounting_.involuntary_switches();
  std::int64_t voluntary_ = accounting_.voluntary_switches();
};

std::int64_t next_pair(const Record& record) {
  std::int64_t next = 0;
  for (const RunRecord& run : record.runs) next = std::max(next, run.pair + 1);
  return next;
}

}  // namespace

std::int64_t finished_pairs(const Record& record, const std::string& purpose) {
  std::map<std::int64_t, std::size_t> runs_of_pair;
  for (const RunRecord& run : record.runs) {
    if (run.pair >= 0 && is_confirming(record, run) == (purpose == "confirm"))
      ++runs_of_pair[run.pair];
  }
  const std::size_t whole = 2 * record.prompts.size();
  return std::count_if(runs_of_pair.begin(), runs_of_pair.end(),
                       [&](const auto& pair) { return pair.second == whole; });
}

TimedPairs::TimedPairs(const LoadedModel& model, const RunOptions& options, Arm& baseline,
                       Arm& patched, ThreadTeam& team, Record& record, Progress& progress)
    : model_(model),
      options_(options),
      baseline_(baseline),
      patched_(patched),
      team_(team),
      record_(record),
      progress_(progress) {}

Generation TimedPairs::warm_up(Arm& arm, std::int64_t prompt) { return timed_run(arm, -1, prompt); }

void TimedPairs::time(std::int64_t n, const std::function<void()>& finished) {
  const std::int64_t first = next_pair(record_);
  for (std::int64_t pair = first; pair < first + n; ++pair) {
    for (std::size_t prompt = 0; prompt < record_.prompts.size(); ++prompt) {
      const std::string process =
          record_.launches.empty() ? "" : fmt::format("process {}, ", launch_ + 1);
      progress_.phase(fmt::format("{}pair {} of {}", process, pair + 1, first + n));
      time_pair(pair, static_cast<std::int64_t>(prompt));
      finished();
    }
  }
}

void TimedPairs::time_pair(std::int64_t pair, std::int64_t prompt) {
  // AB, BA, AB, ...: a drift of the machine's speed then favours neither arm.
  Arm& first = pair % 2 == 0 ? baseline_ : patched_;
  Arm& second = pair % 2 == 0 ? patched_ : baseline_;
  const std::size_t finished = record_.runs.size();
  try {
    timed_run(first, pair, prompt);
    timed_run(second, pair, prompt);
  } catch (const Interrupted&) {
    record_.runs.resize(finished);  // half a pair is no pair
    throw;
  }
  record_.bandwidth.push_back({record_.runs.back().order, probe_read_bandwidth(team_)});
}

GenerateOptions TimedPairs::generate_options(std::int64_t pair, std::int64_t prompt) const {
  GenerateOptions out;
  out.max_tokens = options_.max_tokens;
  out.prefill_chunk = options_.prefill_chunk;
  if (!options_.ignore_eos) out.stop_ids = model_.eos_token_ids;
  if (pair < 0) return out;
  // Once the arms have chosen different ids, both are fed the baseline's, so that they do the same
  // work.
  const GenerationRecord& free = record_.generations.at(static_cast<std::size_t>(prompt));
  if (free.baseline.ids != free.patched.ids) out.forced = free.baseline.ids;
  return out;
}

Generation TimedPairs::timed_run(Arm& arm, std::int64_t pair, std::int64_t prompt) {
  const std::vector<std::int32_t>& ids = record_.prompts.at(static_cast<std::size_t>(prompt)).ids;
  const GenerateOptions options = generate_options(pair, prompt);
  require_ieee_mode();
  const RunWatch watch;
  Generation generation = generate(arm.decoder(), ids, options);
  require_ieee_mode();

  RunRecord run;
  run.order = record_.runs.empty() ? 0 : record_.runs.back().order + 1;
  run.pair = pair;
  run.arm = arm.name();
  run.prompt = prompt;
  run.teacher_forced = !options.forced.empty();
  run.prefill_tokens = static_cast<std::int64_t>(ids.size());
  run.first_token_ns = generation.first_token_ns;
  run.decode_tokens = static_cast<std::int64_t>(generation.ids.size()) - 1;
  run.decode_ns = generation.decode_ns;
  run.ids_xxh3_128 = xxh3_128_hex(std::as_bytes(std::span(generation.ids)));
  run.logit_xxh3_128 = generation.logit_xxh3_128;
  run.launch = launch_;
  watch.fill(run);
  record_.runs.push_back(std::move(run));
  progress_.advance();
  return generation;
}

}  // namespace fidelio
