#include "capsules/gate_policy.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "capsules/bounded_file.h"
#include "capsules/capsule_error.h"
#include "capsules/json_fields.h"
#include "capsules/json_reader.h"
#include "capsules/json_strict.h"

namespace fidelio {

// The fields, found by the reader through their structs.

template <class Io>
void fields(Io& io, PhaseShares& r) {
  io("decode", r.decode, kShare);
  io("prefill", r.prefill, kShare);
}

template <class Io>
void fields(Io& io, PromptDemand& r) {
  io("text", r.text);
  io("ids_xxh3_128", r.ids_xxh3_128, kDigest);
  io("model", r.model);
}

template <class Io>
void fields(Io& io, GatePolicy& r) {
  constexpr FieldRule kPassing{0,
                               kNoMaximum,
                               FieldRule::Text::one_of,
                               {"EXACT", "TOKEN_EXACT", "TIE_FLIP", "APPROXIMATE"},
                               1};
  io("policy_version", r.policy_version);
  io("verdicts", r.verdicts, kPassing);
  io("budget", r.budget);
  io("margins", r.margins);
  io("timing", r.timing, one_of("required", "ignored", "capsule"));
  io("inconclusive", r.inconclusive, one_of("fail", "pass"));
  io("min_pairs", r.min_pairs);
  io("looks", r.looks, kPositive);
  io("confirm", r.confirm);
  io("max_noise_floor", r.max_noise_floor);
  io("holm", r.holm);
  io("models", r.models);
  io("patches", r.patches);
  io("prompts", r.prompts);
  io("max_age_days", r.max_age_days);
  io("clean_tree", r.clean_tree);
  io("same_numerics", r.same_numerics);
}

namespace {

using nlohmann::json;

/// Beyond the types of the fields: throws at the first demand that means nothing.
class PolicyCheck {
 public:
  PolicyCheck(const GatePolicy& policy, const std::string& where)
      : policy_(policy), where_(where) {}

  void run() const {
    if (policy_.verdicts.empty()) refuse("verdicts", "[]", "at least one verdict that passes");
    if (policy_.looks > 2) refuse("looks", fmt::format("{}", policy_.looks), "1 or 2");
    shares("margins", policy_.margins);
    if (policy_.max_noise_floor) shares("max_noise_floor", *policy_.max_noise_floor);
    if (policy_.budget) budget(*policy_.budget);
    for (std::size_t i = 0; i < policy_.prompts.size(); ++i)
      if (!policy_.prompts[i].text && !policy_.prompts[i].ids_xxh3_128)
        refuse(fmt::format("prompts[{}]", i), "neither", "a text or ids_xxh3_128");
  }

 private:
  void shares(const char* section, const PhaseShares& found) const {
    finite(fmt::format("{}.decode", section), found.decode);
    finite(fmt::format("{}.prefill", section), found.prefill);
  }

  void budget(const BudgetRecord& found) const {
    finite("budget.mean_kld", found.mean_kld);
    finite("budget.kld_99_9", found.kld_99_9);
    finite("budget.rms_delta_p", found.rms_delta_p);
    finite("budget.same_top_p", found.same_top_p);
  }

  void finite(const std::string& at, double found) const {
    if (!std::isfinite(found)) refuse(at, fmt::format("{}", found), "a finite number");
  }

  [[noreturn]] void refuse(const std::string& at, const std::string& found,
                           const std::string& expected) const {
    throw CapsuleError(fmt::format("{}: $.{}: found {}, expected {}", where_, at, found, expected));
  }

  const GatePolicy& policy_;
  const std::string& where_;
};

void check_version(const json& document, const std::string& where) {
  const auto version = document.find("policy_version");
  if (version != document.end() && version->is_number_integer() && *version == kGatePolicyVersion)
    return;
  throw CapsuleError(fmt::format(
      "{}: $.policy_version: found {}, expected {}, the version that this program reads", where,
      version == document.end() ? "no such field" : describe(*version), kGatePolicyVersion));
}

}  // namespace

GatePolicy policy_from_json(const std::string& text, const std::string& where) {
  const json document = parse_strictly(text, where);
  if (!document.is_object())
    throw CapsuleError(
        fmt::format("{}: $: found {}, expected an object", where, describe(document)));
  check_version(document, where);
  GatePolicy policy;
  JsonReader(where, kCapsuleSchemaVersion, JsonReader::Missing::keeps_default)
      .read(&document, policy, {});
  PolicyCheck(policy, where).run();
  return policy;
}

GatePolicy read_gate_policy(const std::filesystem::path& path) {
  return policy_from_json(bounded_file_text(path, kMaxGatePolicyBytes, "a gate policy"),
                          path.string());
}

}  // namespace fidelio
