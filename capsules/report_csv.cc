// Every run of every record as one line of CSV: RFC 4180, lines end in CR LF. A text cell that a
// spreadsheet would take for a formula begins with an apostrophe.
#include <fmt/format.h>

#include <string_view>

#include "capsules/fidelity_index.h"
#include "capsules/printable.h"
#include "capsules/report.h"
#include "capsules/timing.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

/// A text cell. Spreadsheets calculate what begins with one of these characters, whoever wrote it
/// (OWASP, CSV Injection); tabs and line ends are no longer there.
std::string quoted(const std::string& text) {
  std::string field = printable(text);
  if (!field.empty() && std::string_view("=+-@").find(field[0]) != std::string_view::npos)
    field.insert(0, "'");
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// Of a run's prompt: where the arms' ids go apart, empty where they do not, and the metrics of the
/// free comparison in steps of one token.
std::string fidelity_columns(const FidelityIndex& index, std::int64_t prompt) {
  const GenerationRecord* g = index.generation(prompt);
  const std::int64_t at = g == nullptr ? -1 : first_divergence(*g);
  const ComparisonRecord* c = index.free(prompt, 1);
  const std::string metrics =
      c == nullptr ? ",,,"
                   : fmt::format("{},{},{},{}", c->metrics.mean_kld, c->metrics.kld_99_9,
                                 c->metrics.rms_delta_p, c->metrics.same_top_p);
  return fmt::format("{},{}", at < 0 ? "" : std::to_string(at), metrics);
}

}  // namespace

std::string csv_report(const std::vector<Record>& records) {
  std::string text =
      "model,created,order,pair,arm,prompt,teacher_forced,prefill_tokens,first_token_ns,prefill_"
      "tok_s,decode_tokens,"
      "decode_ns,decode_tok_s,peak_memory_bytes,load_average,steal_ticks,involuntary_switches,ids_"
      "xxh3_128,"
      "logit_xxh3_128,fidelity,first_divergence,mean_kld,kld_99_9,rms_delta_p,same_top_p\r\n";
  for (const Record& record : records) {
    const std::string fidelity = judge(record).fidelity;
    const FidelityIndex index(record);
    for (const RunRecord& run : record.runs) {
      text += fmt::format(
          "{},{},{},{},{},{},{},{},{},{:.3f},{},{},{:.3f},{},{},{},{},{},{},{},{}\r\n",
          quoted(record.model.id), quoted(record.created), run.order, run.pair, quoted(run.arm),
          run.prompt, run.teacher_forced ? 1 : 0, run.prefill_tokens, run.first_token_ns,
          tok_s(run, Phase::prefill), run.decode_tokens, run.decode_ns, tok_s(run, Phase::decode),
          run.peak_memory_bytes, run.load_average, run.steal_ticks, run.involuntary_switches,
          quoted(run.ids_xxh3_128), quoted(run.logit_xxh3_128), fidelity,
          fidelity_columns(index, run.prompt));
    }
  }
  return text;
}

}  // namespace fidelio
