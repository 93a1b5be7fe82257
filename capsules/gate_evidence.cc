#include "capsules/gate_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

#include "capsules/exit_code.h"

namespace fidelio {
namespace {

constexpr std::int64_t kDay = 86400;

bool holds(const Record& record, const PromptDemand& demand) {
  return std::any_of(record.prompts.begin(), record.prompts.end(), [&](const PromptRecord& prompt) {
    return (!demand.text || prompt.text == demand.text) &&
           (!demand.ids_xxh3_128 || prompt.ids_xxh3_128 == *demand.ids_xxh3_128);
  });
}

std::string described(const PromptDemand& demand) {
  if (demand.text) return fmt::format("\"{}\"", demand.text->substr(0, 60));
  return demand.ids_xxh3_128.value_or("");
}

void check_prompts(const Record& record, const GatePolicy& policy, GateCheckList& checks) {
  if (policy.prompts.empty()) return;
  std::int64_t demanded = 0;
  for (const PromptDemand& demand : policy.prompts) {
    if (demand.model && *demand.model != record.model.id) continue;
    ++demanded;
    if (!holds(record, demand))
      return checks.fail("prompts", kInconclusive,
                         fmt::format("a demanded prompt is not there: {}", described(demand)));
  }
  checks.pass("prompts", fmt::format("all {} demanded prompts are there", demanded));
}

/// A capsule of the baseline against itself is exact, and says nothing of any kernel.
void check_patches(const Record& record, const GatePolicy& policy, GateCheckList& checks) {
  if (policy.patches.empty()) return;
  for (const std::string& name : policy.patches) {
    const bool worked =
        std::any_of(record.patches.begin(), record.patches.end(), [&](const PatchRecord& patch) {
          return patch.name == name && patch.sites_applied > 0 && patch.calls > 0;
        });
    if (!worked)
      return checks.fail(
          "patches", kVacuous,
          fmt::format("{} was never applied and called, which the policy demands", name));
  }
  checks.pass("patches", fmt::format("all {} demanded patches were applied and called",
                                     policy.patches.size()));
}

/// The oldest of the times at which something was measured, or why there is none.
void check_age(const Record& record, const GateContext& context, std::int64_t max_days,
               GateCheckList& checks) {
  const char* name = "max_age_days";
  const std::optional<std::int64_t> made = seconds_of(record.created);
  if (!made)
    return checks.fail(name, kInconclusive,
                       fmt::format("created is \"{}\", expected a UTC time like "
                                   "2025-01-31T12:00:00Z",
                                   record.created));
  const std::int64_t age_s = context.now_s - *made;
  if (age_s < -kDay)
    return checks.fail(name, kInconclusive,
                       fmt::format("made on {}, which is in the future", record.created));
  const std::int64_t days = std::max<std::int64_t>(0, age_s) / kDay;
  const bool fresh =
      age_s / kDay < max_days || age_s <= 0 || (age_s / kDay == max_days && age_s % kDay == 0);
  checks.demand(
      fresh, name, kInconclusive,
      fmt::format("made on {}, {} days ago, at most {} allowed", record.created, days, max_days));
}

/// `text` from `at` on as a number of `digits` digits.
std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  const char* first = text.data() + at;
  const auto [end, error] = std::from_chars(first, first + digits, value);
  if (error != std::errc() || end != first + digits || *first == '-') return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> seconds_of(const std::string& utc) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (utc.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] != '0' && utc[i] != kForm[i]) return std::nullopt;
  const auto year = number(utc, 0, 4);
  const auto month = number(utc, 5, 2);
  const auto day = number(utc, 8, 2);
  const auto hour = number(utc, 11, 2);
  const auto minute = number(utc, 14, 2);
  const auto second = number(utc, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
}

void check_evidence(const Record& record, const GateContext& context, GateCheckList& checks) {
  const GatePolicy& policy = context.policy;
  check_patches(record, policy, checks);
  check_prompts(record, policy, checks);
  if (policy.max_age_days) check_age(record, context, *policy.max_age_days, checks);
  if (policy.clean_tree)
    checks.demand(!record.program.git_dirty && !record.program.git_commit.empty(), "clean_tree",
                  kInconclusive,
                  record.program.git_commit.empty()
                      ? "made by a program built outside a checkout"
                      : fmt::format("made by commit {}{}", record.program.git_commit,
                                    record.program.git_dirty ? " with uncommitted changes" : ""));
  if (policy.same_numerics)
    checks.demand(record.numerics_version == context.numerics_version, "same_numerics",
                  kInconclusive,
                  fmt::format("made under version {} of the numerics contract, this program's is "
                              "{}",
                              record.numerics_version, context.numerics_version));
}

void check_models(std::span<const NamedCapsule> capsules, GateCheckList& checks,
                  const GatePolicy& policy) {
  for (const std::string& model : policy.models) {
    const auto found =
        std::find_if(capsules.begin(), capsules.end(),
                     [&](const NamedCapsule& capsule) { return capsule.record.model.id == model; });
    const bool there = found != capsules.end();
    checks.demand(there, "models", kInconclusive,
                  there ? fmt::format("{} is the model of {}", model, found->name)
                        : fmt::format("no capsule of {}, which the policy demands", model));
  }
}

}  // namespace fidelio
