#include "capsules/report_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "capsules/checksums.h"
#include "capsules/completeness.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

std::string rate_text(double rate) {
  if (!(rate > 0)) return "-";
  return rate < 1000 ? fmt::format("{:.1f}", rate) : fmt::format("{:.0f}", rate);
}

std::int64_t peak_memory(const Record& record) {
  std::int64_t peak = 0;
  for (const RunRecord& run : record.runs) peak = std::max(peak, run.peak_memory_bytes);
  return peak;
}

ReportSection patches_section(const Record& record) {
  ReportSection out{"Patches", {}, {{"patch", "class", "sites", "calls", "refused"}}};
  for (const PatchRecord& patch : record.patches) {
    std::map<std::string, int> reasons;
    for (const RefusalRecord& refusal : patch.refusals) ++reasons[refusal.reason];
    std::string refused;
    for (const auto& [reason, count] : reasons) {
      refused += fmt::format("{}{} {}", refused.empty() ? "" : ", ", count, reason);
    }
    out.table.push_back({patch.name, patch.numerics, std::to_string(patch.sites_applied),
                         std::to_string(patch.calls), refused.empty() ? "-" : refused});
  }
  if (record.patches.empty()) {
    out.table.clear();
    out.lines.emplace_back("none: the baseline against itself");
  }
  return out;
}

ReportSection plans_section(const Record& record) {
  ReportSection out{"Plans by step width",
                    {},
                    {{"tokens", "sites", "scratch baseline", "scratch patched", "change",
                      "prefill steps", "decode steps"}}};
  for (const PlanRecord& plan : record.plans) {
    const auto before = static_cast<double>(plan.scratch_bytes_baseline);
    const auto after = static_cast<double>(plan.scratch_bytes_patched);
    out.table.push_back({std::to_string(plan.n_tokens), std::to_string(plan.sites_applied),
                         bytes_text(before), bytes_text(after),
                         before > 0 ? fmt::format("{:+.1f}%", 100 * (after / before - 1)) : "-",
                         std::to_string(plan.prefill_steps), std::to_string(plan.decode_steps)});
  }
  return out;
}

ReportSection comparisons_section(const Record& record) {
  ReportSection out{
      "Logits, teacher-forced",
      {},
      {{"prompt", "tokens a step", "positions", "differing", "max abs err", "best token changes"}}};
  for (const ComparisonRecord& c : record.comparisons) {
    out.table.push_back({std::to_string(c.prompt), std::to_string(c.width),
                         std::to_string(c.positions), std::to_string(c.differing_positions),
                         fmt::format("{:.3g}", c.max_abs_err), std::to_string(c.argmax_changes)});
  }
  return out;
}

std::int64_t last_level_cache(const Record& record) {
  std::int64_t bytes = 0;
  for (const CacheRecord& cache : record.hardware.caches) bytes = std::max(bytes, cache.bytes);
  return bytes;
}

/// The probes by their place in the order of runs.
std::map<std::int64_t, double> probes_by_order(const Record& record) {
  std::map<std::int64_t, double> probes;
  for (const BandwidthRecord& probe : record.bandwidth)
    probes[probe.after_order] = probe.bytes_per_second;
  return probes;
}

/// The first probe after a run, else the last before it; 0 without one.
double bandwidth_of(const std::map<std::int64_t, double>& probes, std::int64_t order) {
  if (probes.empty()) return 0;
  const auto after = probes.lower_bound(order);
  return after == probes.end() ? probes.rbegin()->second : after->second;
}

/// "baseline 12.3 GB/s (45%)": medians over the arm's timed runs, each against the probe after its
/// pair.
std::string roofline_share(const Record& record, const char* arm) {
  const std::map<std::int64_t, double> probes = probes_by_order(record);
  std::vector<double> rates, shares;
  for (const RunRecord& run : record.runs) {
    const double rate = tok_s(run, Phase::decode) * record.decode_bytes_per_token;
    const double bandwidth = bandwidth_of(probes, run.order);
    if (run.pair < 0 || run.arm != arm || !(rate > 0) || !(bandwidth > 0)) continue;
    rates.push_back(rate);
    shares.push_back(rate / bandwidth);
  }
  if (rates.empty()) return "";
  return fmt::format("{} {:.1f} GB/s ({:.0f}%)", arm, median(rates) * 1e-9, 100 * median(shares));
}

/// Empty where nothing was probed or timed.
std::string roofline_text(const Record& record) {
  const std::string baseline = roofline_share(record, "baseline");
  const std::string patched = roofline_share(record, "patched");
  if (baseline.empty() || patched.empty()) return "";
  std::vector<double> probes;
  for (const BandwidthRecord& probe : record.bandwidth) probes.push_back(probe.bytes_per_second);
  std::string text = fmt::format("memory roofline: {} a token, {:.1f} GB/s read; {}, {}",
                                 bytes_text(record.decode_bytes_per_token), median(probes) * 1e-9,
                                 baseline, patched);
  if (record.model.weights_bytes < last_level_cache(record))
    text += "; the weights fit into the cache, so memory is no bound here";
  return text;
}

/// "baseline 12.3 ms, 95% within 13.0 ms".
std::string first_token_text(const Record& record, const char* arm) {
  std::vector<double> times_ms;
  for (const RunRecord& run : record.runs)
    if (run.pair >= 0 && run.arm == arm)
      times_ms.push_back(static_cast<double>(run.first_token_ns) * 1e-6);
  if (times_ms.empty()) return fmt::format("{} not timed", arm);
  return fmt::format("{} {:.1f} ms, 95% within {:.1f} ms", arm, median(times_ms),
                     percentile(times_ms, 0.95));
}

ReportSection speed_section(const Record& record, const PhaseTiming& decode,
                            const PhaseTiming& prefill) {
  ReportSection out{"Speed", {decode.sentence, prefill.sentence}, {}};
  out.lines.push_back(fmt::format("first token: {}; {}; model loaded in {:.1f} ms ({})",
                                  first_token_text(record, "baseline"),
                                  first_token_text(record, "patched"),
                                  static_cast<double>(record.load_ns) * 1e-6, record.load_mode));
  if (std::string roofline = roofline_text(record); !roofline.empty())
    out.lines.push_back(std::move(roofline));
  return out;
}

ReportSection evidence_section(const Record& record) {
  ReportSection out{"Evidence", {}, {}};
  for (const EvidenceRecord& e : record.evidence) {
    std::string line =
        fmt::format("prompt {}: {:.1f}% distinct 4-grams, {:.1f}% of steps with a small margin",
                    e.prompt, 100 * e.distinct_4grams, 100 * e.small_margin_share);
    if (e.loop_start) line += fmt::format(", a loop from token {} on", *e.loop_start);
    if (e.distinct_4grams < 0.5) line += "; so repetitive a text proves less than its length says";
    out.lines.push_back(line);
  }
  return out;
}

ReportSection environment_section(const Record& record) {
  const HardwareRecord& hw = record.hardware;
  return {"Environment",
          {fmt::format("{}, {} of {} processors, kernels {}, {}", hw.cpu_model,
                       record.options.threads, hw.logical_cpus, hw.vector_target,
                       bytes_text(static_cast<double>(hw.memory_bytes))),
           fmt::format("{}, Linux {}, {}, {}", record.system.os, record.system.kernel,
                       record.program.compiler, record.program.build_type),
           fmt::format("Fidelio {} {}{}, numerics version {}", record.program.version,
                       record.program.git_commit.substr(0, 12),
                       record.program.git_dirty ? " (modified)" : "", record.numerics_version),
           fmt::format("{} ({}), {}, weights {} xxh3 {}", record.model.id, record.model.model_type,
                       record.model.quantization,
                       bytes_text(static_cast<double>(record.model.weights_bytes)),
                       record.model.weights_xxh3_128)},
          {}};
}

}  // namespace

std::vector<std::string> summary_header() {
  return {"model",
          "base prompt tok/s",
          "patched prompt tok/s",
          "base decode tok/s",
          "patched decode tok/s",
          "speedup",
          "fidelity",
          "peak memory"};
}

ReportFigures report_figures(const Record& record) {
  ReportFigures out;
  out.verdict = judge(record);
  const PhaseTiming decode = judge_timing(record, Phase::decode);
  const PhaseTiming prefill = judge_timing(record, Phase::prefill);
  out.summary_row = {record.model.id,
                     rate_text(prefill.baseline_tok_s),
                     rate_text(prefill.patched_tok_s),
                     rate_text(decode.baseline_tok_s),
                     rate_text(decode.patched_tok_s),
                     speedup_text(decode),
                     out.verdict.fidelity,
                     bytes_text(static_cast<double>(peak_memory(record)))};
  ReportSection compared{"Compared", {tokens_compared_text(record)}, {}};
  if (!record.complete) {
    compared.lines.push_back(fmt::format("INCOMPLETE: {}", record.interruption.empty()
                                                               ? "the run had not ended"
                                                               : record.interruption));
  }
  if (const std::string mismatch = checksum_mismatch(record); !mismatch.empty())
    compared.lines.push_back("edited or damaged: " + mismatch);
  out.sections = {compared,
                  speed_section(record, decode, prefill),
                  patches_section(record),
                  plans_section(record),
                  comparisons_section(record),
                  evidence_section(record),
                  environment_section(record)};
  return out;
}

std::string verdict_line(const VerdictRecord& verdict) {
  return fmt::format("VERDICT {}, decode {}, prefill {}: {}.", verdict.fidelity, verdict.decode,
                     verdict.prefill, verdict.sentence);
}

std::string bytes_text(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1024.0 * 1024) return fmt::format("{:.1f} KiB", bytes / 1024);
  if (bytes < 1024.0 * 1024 * 1024) return fmt::format("{:.1f} MiB", bytes / (1024.0 * 1024));
  return fmt::format("{:.2f} GiB", bytes / (1024.0 * 1024 * 1024));
}

}  // namespace fidelio
