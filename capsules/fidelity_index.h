// A record's evidence of fidelity by what it is looked up by, and the class that it is judged by.
// Nothing is judged here. Internal to capsules/.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

/// In the order from the strictest claim to the weakest.
enum class NumericsClass : std::uint8_t { bit_exact, reassociated, approximate };

/// The patch changed the patched arm: it was applied at a site, or its kernel was called.
bool was_applied(const PatchRecord& patch);

/// The weakest class among the patches that were applied; bit_exact without any, since the baseline
/// has no excuse to differ from itself.
NumericsClass class_of_run(const Record& record);

/// Any figure of a comparison that can only come from a differing bit; NaN is one.
bool differs(const ComparisonRecord& comparison);

/// A position with another best token.
bool has_changes(const ComparisonRecord& comparison);

/// The first such position, where the record says it; else -1.
std::int64_t first_change_of(const ComparisonRecord& comparison);

/// The index of the first generated token that differs between the arms, which is the length of the
/// shorter sequence where one begins with the other; -1 where the ids are equal.
std::int64_t first_divergence(const GenerationRecord& generation);

/// The first entry of its kind counts. The record must outlive the index.
class FidelityIndex {
 public:
  explicit FidelityIndex(const Record& record);

  const Record& record() const { return record_; }
  NumericsClass numerics() const { return numerics_; }

  // nullptr where there is none.
  const ComparisonRecord* free(std::int64_t prompt, std::int64_t width) const;
  const ComparisonRecord* routed(std::int64_t prompt, std::int64_t width) const;
  const GenerationRecord* generation(std::int64_t prompt) const;
  const RouterNoiseRecord* noise(std::int64_t layer) const;
  const ReferenceRecord* reference(std::int64_t prompt) const;

  /// The route flips of one routed comparison.
  const std::vector<const RouteFlipRecord*>& flips(std::int64_t prompt, std::int64_t width) const;

 private:
  using PromptAndWidth = std::pair<std::int64_t, std::int64_t>;

  const Record& record_;
  NumericsClass numerics_;
  std::map<PromptAndWidth, const ComparisonRecord*> free_;
  std::map<PromptAndWidth, const ComparisonRecord*> routed_;
  std::map<PromptAndWidth, std::vector<const RouteFlipRecord*>> flips_;
  std::map<std::int64_t, const GenerationRecord*> generations_;
  std::map<std::int64_t, const RouterNoiseRecord*> noise_;
  std::map<std::int64_t, const ReferenceRecord*> references_;
};

}  // namespace fidelio
