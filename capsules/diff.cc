#include "capsules/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "capsules/comparable.h"
#include "capsules/printable.h"
#include "capsules/rank_sum.h"
#include "capsules/timing.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

/// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// Rows of a name and two values; those whose values differ are marked.
class SideBySide {
 public:
  void row(const std::string& name, const std::string& a, const std::string& b) {
    rows_.push_back({printable(name), printable(a), printable(b)});
  }
  void row(const std::string& name, std::int64_t a, std::int64_t b) {
    row(name, std::to_string(a), std::to_string(b));
  }

  std::string text(const std::string& title) const {
    std::size_t names = 0;
    std::size_t values = 0;
    for (const Row& r : rows_) {
      names = std::max(names, width_of(r.name));
      values = std::max(values, width_of(r.a));
    }
    std::string out = title + "\n";
    for (const Row& r : rows_)
      out += fmt::format("{} {}{}  {}{}  {}\n", r.a == r.b ? " " : "*", r.name,
                         std::string(names - width_of(r.name), ' '), r.a,
                         std::string(values - width_of(r.a), ' '), r.b);
    return out;
  }

 private:
  struct Row {
    std::string name, a, b;
  };
  std::vector<Row> rows_;
};

std::string commit_of(const ProgramRecord& program) {
  return fmt::format("{} {}{}", program.version, program.git_commit.substr(0, 12),
                     program.git_dirty ? " (modified)" : "");
}

std::string environment_text(const std::string& name_a, const Record& a, const std::string& name_b,
                             const Record& b) {
  SideBySide out;
  out.row("capsule", name_a, name_b);
  out.row("created", a.created, b.created);
  out.row("fidelio", commit_of(a.program), commit_of(b.program));
  out.row("compiler", a.program.compiler, b.program.compiler);
  out.row("compiler flags", a.program.compiler_flags, b.program.compiler_flags);
  out.row("numerics version", a.numerics_version, b.numerics_version);
  out.row("model", a.model.id, b.model.id);
  out.row("weights", a.model.weights_xxh3_128, b.model.weights_xxh3_128);
  out.row("quantization", a.model.quantization, b.model.quantization);
  out.row("prompts", static_cast<std::int64_t>(a.prompts.size()),
          static_cast<std::int64_t>(b.prompts.size()));
  out.row("runs", a.options.runs, b.options.runs);
  out.row("max_tokens", a.options.max_tokens, b.options.max_tokens);
  out.row("threads", a.options.threads, b.options.threads);
  out.row("prefill_chunk", a.options.prefill_chunk, b.options.prefill_chunk);
  out.row("looks", a.options.looks, b.options.looks);
  out.row("launches", a.options.launches, b.options.launches);
  out.row("processor", a.hardware.cpu_model, b.hardware.cpu_model);
  out.row("cores", a.hardware.cores, b.hardware.cores);
  out.row("vector target", a.hardware.vector_target, b.hardware.vector_target);
  out.row("governor", a.hardware.governor, b.hardware.governor);
  out.row("hypervisor", a.hardware.hypervisor, b.hardware.hypervisor);
  out.row("system", a.system.os + ", " + a.system.kernel, b.system.os + ", " + b.system.kernel);
  return out.text("Environment (* differs)");
}

/// The first patch of a name counts.
std::map<std::string, std::string> patches_of(const Record& record) {
  std::map<std::string, std::string> out;
  for (const PatchRecord& patch : record.patches) {
    std::set<std::string> reasons;
    for (const RefusalRecord& refusal : patch.refusals) reasons.insert(refusal.reason);
    out.emplace(
        patch.name,
        fmt::format("{}, {} sites, {} calls{}{}", patch.numerics, patch.sites_applied, patch.calls,
                    reasons.empty() ? "" : ", refused: ", fmt::join(reasons, ", ")));
  }
  return out;
}

std::string patches_text(const Record& a, const Record& b) {
  const std::map<std::string, std::string> of_a = patches_of(a);
  const std::map<std::string, std::string> of_b = patches_of(b);
  std::set<std::string> names;
  for (const auto& patches : {of_a, of_b})
    for (const auto& [name, what] : patches) names.insert(name);
  if (names.empty()) return "Patches\n  none in either\n";
  SideBySide out;
  const auto text = [](const std::map<std::string, std::string>& patches, const std::string& name) {
    const auto found = patches.find(name);
    return found == patches.end() ? std::string("-") : found->second;
  };
  for (const std::string& name : names) out.row(name, text(of_a, name), text(of_b, name));
  return out.text("Patches");
}

/// Whether both arms generated the same as before, prompt by prompt.
std::string ids_text(const Record& a, const Record& b) {
  std::map<std::int64_t, const GenerationRecord*> of_b;
  for (const GenerationRecord& g : b.generations) of_b.emplace(g.prompt, &g);
  std::string text;
  for (const GenerationRecord& g : a.generations) {
    const auto other = of_b.find(g.prompt);
    if (other == of_b.end()) continue;
    const auto agree = [](const SequenceRecord& x, const SequenceRecord& y) {
      if (x.ids != y.ids) return "other ids";
      return x.logit_xxh3_128 == y.logit_xxh3_128 ? "same logits" : "same ids, other logits";
    };
    text += fmt::format("  prompt {}: baseline {}, patched {}\n", g.prompt,
                        agree(g.baseline, other->second->baseline),
                        agree(g.patched, other->second->patched));
  }
  return text;
}

std::string fidelity_text(const Record& a, const Record& b, const std::string& not_comparable) {
  const VerdictRecord of_a = judge(a);
  const VerdictRecord of_b = judge(b);
  SideBySide out;
  out.row("verdict", of_a.fidelity, of_b.fidelity);
  std::string text = out.text("Fidelity");
  text += fmt::format("  a: {}\n  b: {}\n", printable(of_a.sentence), printable(of_b.sentence));
  if (!not_comparable.empty())
    return text + "  not comparable: " + printable(not_comparable) + "\n";
  return text + ids_text(a, b);
}

std::string phase_text(const Record& a, const Record& b, Phase phase, bool comparable) {
  const PhaseTiming of_a = judge_timing(a, phase);
  const PhaseTiming of_b = judge_timing(b, phase);
  std::string text =
      fmt::format("  a: {}\n  b: {}\n", printable(of_a.sentence), printable(of_b.sentence));
  if (!comparable) return text;
  const ShiftEstimate shift = rank_sum_shift(log_ratios(a, phase), log_ratios(b, phase));
  if (of_a.pairs == 0 || of_b.pairs == 0)
    return text + fmt::format("  {}: no pairs to compare\n", phase_name(phase));
  text += fmt::format("  {}: the speedup of b is {} times that of a", phase_name(phase),
                      speedup_text(shift));
  if (!shift.low) return text + "; too few pairs for an interval\n";
  return text + fmt::format(", {:.1f}% interval: {}\n", 100 * shift.confidence,
                            *shift.low > 0    ? "larger"
                            : *shift.high < 0 ? "smaller"
                                              : "no difference shown");
}

}  // namespace

CapsuleDiff diff_capsules(const std::string& name_a, const Record& a, const std::string& name_b,
                          const Record& b) {
  const std::vector<Incomparable> reasons = incomparable(a, b);
  const std::string of_fidelity = incomparable_text(reasons, false);
  const std::string of_speed = incomparable_text(reasons, true);
  CapsuleDiff out;
  out.comparable = reasons.empty();
  out.text = environment_text(name_a, a, name_b, b) + "\n" + patches_text(a, b) + "\n" +
             fidelity_text(a, b, of_fidelity) + "\nSpeed\n" +
             phase_text(a, b, Phase::decode, out.comparable) +
             phase_text(a, b, Phase::prefill, out.comparable);
  if (!out.comparable) out.text += "  not comparable: " + printable(of_speed) + "\n";
  out.text += out.comparable        ? "\nDIFF comparable\n"
              : of_fidelity.empty() ? "\nDIFF comparable in fidelity, not in speed\n"
                                    : "\nDIFF not comparable\n";
  return out;
}

}  // namespace fidelio
