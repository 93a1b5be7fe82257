#include "capsules/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "capsules/checksums.h"
#include "capsules/exit_code.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

ReplayCheck same(std::string what, const std::string& recorded, const std::string& replayed) {
  if (recorded == replayed) return {std::move(what), "agrees", recorded};
  return {std::move(what), "differs", fmt::format("recorded {}, now {}", recorded, replayed)};
}

std::string first_difference(const std::vector<std::int32_t>& a,
                             const std::vector<std::int32_t>& b) {
  const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto id = [](auto it, auto end) { return it == end ? "none" : std::to_string(*it); };
  return fmt::format("{} and {} ids; the first that differs is number {}: recorded {}, now {}",
                     a.size(), b.size(), at - a.begin(), id(at, a.end()), id(other, b.end()));
}

/// What may be compared bit by bit, and why not.
class Comparability {
 public:
  Comparability(const Record& recorded, const Record& replayed) {
    if (recorded.numerics_version != replayed.numerics_version)
      numerics_ = fmt::format("numerics versions {} and {}: other bits are expected",
                              recorded.numerics_version, replayed.numerics_version);
    const std::string what = other_conditions(recorded, replayed);
    for (const Record* record : {&recorded, &replayed})
      for (const PatchRecord& patch : record->patches)
        if (patch.numerics != "bit_exact" && patch.sites_applied > 0 && !what.empty())
          patched_ =
              fmt::format("{} is {}: its bits may depend on {}", patch.name, patch.numerics, what);
  }

  /// Empty where an arm's bits must agree.
  std::string why_not(const std::string& arm) const {
    return !numerics_.empty() || arm == "baseline" ? numerics_ : patched_;
  }

 private:
  static std::string other_conditions(const Record& a, const Record& b) {
    if (a.hardware.vector_target != b.hardware.vector_target) return "the vector target";
    if (a.options.threads != b.options.threads) return "the number of threads";
    if (a.program.version != b.program.version || a.program.git_commit != b.program.git_commit ||
        a.program.git_dirty || b.program.git_dirty || a.program.compiler != b.program.compiler)
      return "the program's build";
    return "";
  }

  std::string numerics_;
  std::string patched_;
};

bool same_prompt(const Record& a, const Record& b, std::size_t prompt) {
  return prompt < a.prompts.size() && prompt < b.prompts.size() &&
         a.prompts[prompt].ids == b.prompts[prompt].ids;
}

const GenerationRecord* generation_of(const Record& record, std::int64_t prompt) {
  for (const GenerationRecord& g : record.generations)
    if (g.prompt == prompt) return &g;
  return nullptr;
}

/// Logit checksums of one arm on one prompt, by routing and step width.
using Checksums = std::map<std::pair<std::string, std::int64_t>, std::string>;

Checksums checksums_of(const Record& record, std::int64_t prompt, const std::string& arm) {
  Checksums out;
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.prompt != prompt) continue;
    std::string& text = out[{c.routing, c.width}];
    text += fmt::format("{}{} positions, {}", text.empty() ? "" : " and ", c.positions,
                        arm == "baseline" ? c.baseline_logit_xxh3_128 : c.patched_logit_xxh3_128);
  }
  return out;
}

std::string missing_or(const Checksums& in, const Checksums::key_type& key) {
  const auto found = in.find(key);
  return found == in.end() ? "nothing" : found->second;
}

/// Whether a comparison that only one side has says nothing.
struct Excused {
  bool missing_in_capsule = false;  ///< it was cut short
  bool routed = false;              ///< made where bits differ, which cannot be compared here
};

/// "agrees" with the widths, or the first that differs.
ReplayCheck compare_widths(const std::string& what, const Checksums& a, const Checksums& b,
                           const Excused& excused) {
  std::vector<std::int64_t> agreeing;
  for (const Checksums* side : {&a, &b}) {
    for (const auto& [key, checksum] : *side) {
      const auto& [routing, width] = key;
      const bool one_side = a.count(key) == 0 || b.count(key) == 0;
      if (excused.missing_in_capsule && a.count(key) == 0) continue;
      if (excused.routed && one_side && routing == "routed") continue;
      if (missing_or(a, key) != missing_or(b, key))
        return {what, "differs",
                fmt::format("{} comparison in steps of {}: recorded {}, now {}", routing, width,
                            missing_or(a, key), missing_or(b, key))};
      if (side == &a && routing != "routed") agreeing.push_back(width);
    }
  }
  if (agreeing.empty()) return {what, "not comparable", "no comparison was recorded"};
  return {what, "agrees", fmt::format("steps of {} tokens", fmt::join(agreeing, ", "))};
}

class Outputs {
 public:
  Outputs(const Record& recorded, const Record& replayed, std::vector<ReplayCheck>& out)
      : recorded_(recorded), replayed_(replayed), bits_(recorded, replayed), out_(out) {}

  void compare() {
    for (std::size_t p = 0; p < recorded_.prompts.size(); ++p)
      for (const char* arm : {"baseline", "patched"}) compare_arm(p, arm);
    compare_verdicts();
  }

 private:
  void compare_arm(std::size_t prompt, const std::string& arm) {
    const auto at = static_cast<std::int64_t>(prompt);
    const auto what = [&](const char* kind) {
      return fmt::format("{}, {}, prompt {}", kind, arm, prompt);
    };
    const GenerationRecord* a = generation_of(recorded_, at);
    const GenerationRecord* b = generation_of(replayed_, at);
    std::string why_not = bits_.why_not(arm);
    if (!same_prompt(recorded_, replayed_, prompt)) why_not = "another prompt";
    if (why_not.empty() && a == nullptr) why_not = "the capsule has no generated ids of it";
    if (!why_not.empty()) {
      for (const char* kind : {"ids", "logits", "logits by width"})
        out_.push_back({what(kind), "not comparable", why_not});
      all_bits_ = false;
      return;
    }
    const SequenceRecord none;
    const SequenceRecord& recorded = arm == "baseline" ? a->baseline : a->patched;
    const SequenceRecord& replayed = b == nullptr        ? none
                                     : arm == "baseline" ? b->baseline
                                                         : b->patched;
    const bool same_ids = recorded.ids == replayed.ids && recorded.stop == replayed.stop;
    out_.push_back({what("ids"), same_ids ? "agrees" : "differs",
                    same_ids ? fmt::format("{} ids, {}", recorded.ids.size(), recorded.stop)
                             : first_difference(recorded.ids, replayed.ids)});
    out_.push_back(same(what("logits"), recorded.logit_xxh3_128, replayed.logit_xxh3_128));
    out_.push_back(compare_widths(what("logits by width"), checksums_of(recorded_, at, arm),
                                  checksums_of(replayed_, at, arm),
                                  {!recorded_.complete, !bits_.why_not("patched").empty()}));
  }

  void compare_verdicts() {
    const VerdictRecord a = judge(recorded_);
    const VerdictRecord b = judge(replayed_);
    const std::string texts = fmt::format("recorded {}, now {}", a.fidelity, b.fidelity);
    if (!recorded_.complete) {
      out_.push_back({"fidelity", "not comparable", "the capsule is incomplete; " + texts});
    } else if (a.fidelity == b.fidelity) {
      out_.push_back({"fidelity", "agrees", a.fidelity});
    } else if (recorded_.numerics_version != replayed_.numerics_version) {
      out_.push_back({"fidelity", "not comparable", bits_.why_not("baseline") + "; " + texts});
    } else if (!all_bits_ && may_pass(a.fidelity) == may_pass(b.fidelity)) {
      out_.push_back({"fidelity", "agrees",
                      fmt::format("{}; {}, which may depend on bits that cannot be compared", texts,
                                  may_pass(a.fidelity) ? "both pass" : "neither passes")});
    } else {
      out_.push_back({"fidelity", "differs", texts});
    }
  }

  const Record& recorded_;
  const Record& replayed_;
  Comparability bits_;
  std::vector<ReplayCheck>& out_;
  bool all_bits_ = true;
};

}  // namespace

std::vector<ReplayCheck> compare_inputs(const Record& recorded, const Record& replayed) {
  std::vector<ReplayCheck> out;
  const std::string mismatch = checksum_mismatch(recorded);
  out.push_back(
      {"the capsule itself", mismatch.empty() ? "agrees" : "differs",
       mismatch.empty() ? "its checksums fit its contents" : "edited or damaged: " + mismatch});
  out.push_back(same("weights", recorded.model.weights_xxh3_128, replayed.model.weights_xxh3_128));
  out.push_back(same("config", recorded.model.config_xxh3_128, replayed.model.config_xxh3_128));
  const auto tokenizer = [](const Record& r) {
    return r.model.tokenizer_xxh3_128.value_or("none");
  };
  out.push_back(same("tokenizer", tokenizer(recorded), tokenizer(replayed)));
  const std::size_t n = std::max(recorded.prompts.size(), replayed.prompts.size());
  for (std::size_t p = 0; p < n; ++p) {
    const auto checksum = [&](const Record& r) {
      return p < r.prompts.size() ? r.prompts[p].ids_xxh3_128 : "none";
    };
    out.push_back(same(fmt::format("prompt {}", p), checksum(recorded), checksum(replayed)));
  }
  return out;
}

int replay_exit_code(const ReplayResult& result) {
  const auto is = [](const char* outcome) {
    return [outcome](const ReplayCheck& check) { return check.outcome == outcome; };
  };
  for (const auto* checks : {&result.inputs, &result.outputs})
    if (std::any_of(checks->begin(), checks->end(), is("differs"))) return kFidelity;
  const bool compared = std::any_of(result.outputs.begin(), result.outputs.end(), is("agrees"));
  return compared ? kPass : kInconclusive;
}

ReplayResult compare_replay(const Record& recorded, const Record& replayed) {
  ReplayResult result;
  result.inputs = compare_inputs(recorded, replayed);
  Outputs(recorded, replayed, result.outputs).compare();
  result.facts = replay_facts(recorded, replayed);
  result.exit_code = replay_exit_code(result);
  return result;
}

}  // namespace fidelio
