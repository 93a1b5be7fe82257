#include "capsules/report_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

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

ReportSection speed_section(const Record& record, const PhaseTiming& decode,
                            const PhaseTiming& prefill) {
  ReportSection out{"Speed", {decode.sentence, prefill.sentence}, {}};
  std::vector<double> probes;
  for (const BandwidthRecord& probe : record.bandwidth) probes.push_back(probe.bytes_per_second);
  if (probes.empty() || decode.pairs == 0 || record.decode_bytes_per_token <= 0) return out;
  const double bandwidth = median(probes);
  const double bytes = record.decode_bytes_per_token;
  std::string roofline = fmt::format(
      "memory roofline: {} a token, {:.1f} GB/s read; baseline {:.1f} GB/s ({:.0f}%), patched "
      "{:.1f} GB/s ({:.0f}%)",
      bytes_text(bytes), bandwidth * 1e-9, decode.baseline_tok_s * bytes * 1e-9,
      100 * decode.baseline_tok_s * bytes / bandwidth, decode.patched_tok_s * bytes * 1e-9,
      100 * decode.patched_tok_s * bytes / bandwidth);
  if (record.model.weights_bytes < last_level_cache(record)) {
    roofline += "; the weights fit into the cache, so memory is no bound here";
  }
  out.lines.push_back(roofline);
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
