// What a project demands of a kernel before it is merged, as data: the policy file of
// `validate gate`. What each demand means is in capsules/gate_*.cc; the published form is
// gate_policy.schema.json, docs/gating.md explains it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

inline constexpr std::int64_t kGatePolicyVersion = 1;
inline constexpr std::size_t kMaxGatePolicyBytes = std::size_t{1} << 20;

/// One figure a phase, as shares of the speed: 0.02 is 2%.
struct PhaseShares {
  double decode = 0;
  double prefill = 0;
};

/// A prompt that every capsule must hold; where `model` is given, every capsule of that model.
/// One of the other two is there.
struct PromptDemand {
  std::optional<std::string> text;
  std::optional<std::string> ids_xxh3_128;
  std::optional<std::string> model;
};

/// The defaults are what the gate demands without a policy.
struct GatePolicy {
  std::int64_t policy_version = kGatePolicyVersion;
  std::vector<std::string> verdicts = {"EXACT", "TOKEN_EXACT", "TIE_FLIP", "APPROXIMATE"};
  std::optional<BudgetRecord> budget;  ///< replaces the capsule's
  PhaseShares margins = {0.02, 0.03};  ///< of timing; a larger noise floor still replaces them
  std::string timing = "capsule";      ///< decides: "required", "ignored", or as the capsule says
  std::string inconclusive = "fail";   ///< what undecided timing means: "fail" or "pass"
  std::int64_t min_pairs = 0;          ///< measured, where timing decides
  std::int64_t looks = 2;              ///< at most
  bool confirm = false;                ///< a regression counts once a fresh process repeats it
  std::optional<PhaseShares> max_noise_floor;  ///< of the machine, where timing decides
  bool holm = false;                           ///< regressions of all capsules are one family
  std::vector<std::string> models;             ///< each must have a capsule
  std::vector<std::string> patches;            ///< each applied and called in every capsule
  std::vector<PromptDemand> prompts;
  std::optional<std::int64_t> max_age_days;  ///< since the capsule was made
  bool clean_tree = false;     ///< made by a program whose sources were committed as they are
  bool same_numerics = false;  ///< made under this program's numerics contract
};

/// From untrusted text. Throws CapsuleError beginning with `where` and the JSON path for text that
/// is not strict JSON, another policy_version, an unknown field, one of another type or range, and
/// for demands that no capsule can meet. A field that is missing keeps its default.
GatePolicy policy_from_json(const std::string& text, const std::string& where);

/// policy_from_json of a regular file of at most kMaxGatePolicyBytes.
GatePolicy read_gate_policy(const std::filesystem::path& path);

}  // namespace fidelio
