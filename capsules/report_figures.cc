#include "capsules/report_figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "capsules/checksums.h"
#include "capsules/completeness.h"
#include "capsules/report_sections.h"
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
                  fidelity_section(record),
                  sites_section(record),
                  route_flips_section(record),
                  divergence_section(record),
                  evidence_section(record),
                  environment_section(record)};
  std::erase_if(out.sections, [](const ReportSection& section) {
    return section.lines.empty() && section.table.empty();
  });
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
