// A thousand damaged or edited capsules: each is refused, or the gate thinks no better of it than
// of the original. Checksums of ids, prompts and config are made to fit again after each edit, so
// that it is the evidence itself that has to speak. What no check can know is in docs/gating.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "capsules/capsule_error.h"
#include "capsules/checksums.h"
#include "capsules/exit_code.h"
#include "tests/capsules/gated.h"
#include "tests/capsules/mutated_capsule.h"

namespace fidelio::testing {
namespace {

using nlohmann::json;

/// Pairs on a machine that was found quiet, so that nothing else stops what these capsules show.
Record measured(const std::vector<double>& log_ratios) {
  Record record = with_series(log_ratios);
  record.noise_floor = NoiseFloorRecord{0.004, 0.006, "m", 20, 15, "2025-01-01T00:00:00Z"};
  return record;
}

/// A kernel that is wrong from its first layer on: sites, logits and tokens say so.
Record broken() {
  Record record = measured(around(15, 1.05));
  make_logits_differ(record);
  std::erase_if(record.comparisons,
                [](const ComparisonRecord& c) { return c.routing == "routed"; });
  for (ComparisonRecord& c : record.comparisons) add_change(c, 6);
  for (std::size_t i = 6; i < record.generations[0].patched.ids.size(); ++i)
    record.generations[0].patched.ids[i] += 1;
  for (RunRecord& run : record.runs) run.teacher_forced = true;
  for (SiteRecord& site : record.sites) {
    site.differing_rows = 90;
    site.first_difference = SitePointRecord{0, 1, 0};
  }
  return record;
}

/// Every site was refused.
Record vacuous() {
  Record record = measured(around(15, 1.0));
  record.patches[0].sites_applied = record.patches[0].calls = 0;
  record.patches[0].requested_by_name = true;
  record.sites.clear();
  for (PlanRecord& plan : record.plans) {
    plan.patches.clear();
    plan.sites_applied = 0;
  }
  return record;
}

Record nondeterministic() {
  Record record = measured(around(15, 1.05));
  for (const std::size_t run : {7U, 8U, 19U}) record.runs[run].logit_xxh3_128 = example_digest(9);
  return record;
}

/// Cut short before half of its evidence was there.
Record incomplete() {
  Record record = measured(around(15, 1.0));
  record.complete = false;
  record.interruption = "cannot write";
  record.comparisons.resize(1);
  record.runs.resize(12);
  return record;
}

/// `change`d so that one prompt with its pairs is left.
Record one_prompt(Record record) {
  record.prompts.resize(1);
  record.generations.resize(1);
  record.evidence.resize(1);
  std::erase_if(record.comparisons, [](const ComparisonRecord& c) { return c.prompt > 0; });
  std::erase_if(record.references, [](const ReferenceRecord& r) { return r.prompt > 0; });
  std::erase_if(record.runs, [](const RunRecord& run) { return run.prompt > 0; });
  return record;
}

Record unaffordable() {
  Record record = one_prompt(approximate_record());
  record.options.budget->mean_kld = record.options.budget->kld_99_9 = 1e-6;
  return record;
}

Record regression() {
  Record record = measured(around(15, 0.95));
  record.options.confirm = true;
  add_confirmation(record, around(15, 0.96));
  return record;
}

struct Original {
  const char* fidelity;
  int exit_code;
  Record (*make)();
};

const Original kOriginals[] = {
    {"BROKEN", kFidelity, broken},
    {"VACUOUS", kVacuous, vacuous},
    {"NONDETERMINISTIC", kFidelity, nondeterministic},
    {"INCOMPLETE", kInconclusive, incomplete},
    {"APPROXIMATE", kFidelity, unaffordable},
    {"EXACT", kRegression, regression},
    {"EXACT", kInconclusive, [] { return measured(around(15, 1.0, 0.2)); }},
    {"EXACT", kPass, [] { return measured(around(15, 1.0)); }},
    {"TOKEN_EXACT", kPass, [] { return one_prompt(rounded_record()); }},
    {"TIE_FLIP", kPass, [] { return one_prompt(tie_record()); }},
};

/// What a project asks that does not leave it to the capsule whether speed matters.
const char* const kStrict = R"({"policy_version": 1, "timing": "required",
    "max_noise_floor": {"decode": 0.02, "prefill": 0.02}})";

/// Makes the checksums fit whose contents the capsule holds.
void refit(Record& record) {
  for (PromptRecord& prompt : record.prompts) prompt.ids_xxh3_128 = example_checksum(prompt.ids);
  record.model.config_xxh3_128 =
      example_checksum(record.model.config.data(), record.model.config.size());
  for (RunRecord& run : record.runs) {
    if (run.teacher_forced) continue;
    for (const GenerationRecord& g : record.generations) {
      if (g.prompt != run.prompt) continue;
      run.ids_xxh3_128 = example_checksum(run.arm == "baseline" ? g.baseline.ids : g.patched.ids);
      break;
    }
  }
}

/// As read from the edited text, with fitting checksums; nothing where the reader refuses it.
std::optional<Record> read_edited(const json& document) {
  try {
    Record record = from_json(document.dump(), "c.json");
    refit(record);
    return from_json(to_json(record), "c.json");
  } catch (const CapsuleError&) {
    return std::nullopt;
  }
}

GateResult gated_as_is(const Record& record, const char* policy) {
  const NamedCapsule capsule{"c.json", record};
  return gate(std::span(&capsule, 1), context_of(policy)).front();
}

/// 0 for what does not pass; more for a better verdict.
int worth(const GateResult& result) {
  if (result.exit_code != kPass) return 0;
  const std::map<std::string, int> kWorth = {
      {"EXACT", 4}, {"TOKEN_EXACT", 3}, {"TIE_FLIP", 2}, {"APPROXIMATE", 1}};
  return kWorth.at(result.recomputed.fidelity);
}

/// The place of an exit code in the order in which they apply.
std::size_t place(int code) {
  constexpr std::array<int, 7> kOrder = {kUsage,      kInterrupted,  kFidelity, kVacuous,
                                         kRegression, kInconclusive, kPass};
  return static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), code) - kOrder.begin());
}

struct Tally {
  int refused = 0;
  int read = 0;
  int failed = 0;
  int passed = 0;
};

constexpr int kMutants = 1000;

/// Calls `examine(original, its gate result, mutant, what was done)` for each mutant that is read.
template <class Examine>
Tally for_each_mutant(std::uint64_t seed, const Examine& examine) {
  Tally tally;
  Mutator mutator(seed);
  for (const Original& original : kOriginals) {
    const Record record = stored(original.make());
    EXPECT_EQ(checksum_mismatch(record), "");
    EXPECT_EQ(record.verdict.fidelity, original.fidelity);
    EXPECT_EQ(gated_as_is(record, kStrict).exit_code, original.exit_code);
    const json document = json::parse(to_json(record));
    for (std::size_t i = 0; i < kMutants / std::size(kOriginals); ++i) {
      json edited = document;
      std::string what = mutator.mutate(edited);
      if (i % 3 == 2) what += "; " + mutator.mutate(edited);
      const std::optional<Record> mutant = read_edited(edited);
      ++(mutant ? tally.read : tally.refused);
      if (!mutant) continue;
      ++(examine(record, *mutant, what) ? tally.passed : tally.failed);
    }
  }
  return tally;
}

TEST(MutatedCapsules, AreRefusedOrTheirGateResultIsNoBetter) {
  std::map<std::string, int> kinds;
  const Tally tally = for_each_mutant(
      1, [&](const Record& original, const Record& mutant, const std::string& what) {
        for (const char* policy : {"", kStrict}) {
          const GateResult before = gated_as_is(original, policy);
          const GateResult after = gated_as_is(mutant, policy);
          EXPECT_LE(worth(after), worth(before)) << original.verdict.fidelity << ": " << what;
          EXPECT_LE(place(after.exit_code), place(before.exit_code))
              << original.verdict.fidelity << ": " << what;
        }
        return gated_as_is(mutant, "").exit_code == kPass;
      });
  EXPECT_GT(tally.refused, 200);
  EXPECT_GT(tally.failed, 200);
  EXPECT_GT(tally.passed, 20);  // edits of what no verdict hangs on, of capsules that passed
}

TEST(MutatedCapsules, WhoseVerdictIsForgedTooPassNoBetter) {
  const Tally tally =
      for_each_mutant(2, [](const Record& original, const Record& mutant, const std::string& what) {
        Record forged = mutant;
        forged.verdict = judge(mutant);
        const GateResult after = gated_as_is(forged, kStrict);
        EXPECT_LE(worth(after), worth(gated_as_is(original, kStrict)))
            << original.verdict.fidelity << ", exit code " << original.verdict.exit_code << ": "
            << what << "\n"
            << gate_text({after});
        return after.exit_code == kPass;
      });
  EXPECT_GT(tally.refused, 200);
  EXPECT_GT(tally.failed, 200);
  EXPECT_GT(tally.passed, 20);
}

TEST(MutatedCapsules, OfWhichTheVerdictAloneIsForgedFail) {
  for (const Original& original : kOriginals) {
    const Record record = stored(original.make());
    EXPECT_EQ(record.verdict.exit_code, gated_as_is(record, "").exit_code);
    Record forged = record;
    forged.verdict = stored(measured(around(15, 1.0))).verdict;
    if (outcome_of(gated_as_is(forged, ""), "stored_verdict") == "pass") {
      EXPECT_EQ(record.verdict.fidelity, "EXACT");
      EXPECT_EQ(record.verdict.exit_code, kPass);
    } else {
      EXPECT_EQ(gated_as_is(forged, "").exit_code, kFidelity);
    }
  }
}

}  // namespace
}  // namespace fidelio::testing
