// How far logits and router logits lie from the class reference over sampled steps: the measure by
// which a changed token or a flipped route is a tie or a defect.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "capsules/record.h"
#include "validate/fidelity/class_reference.h"
#include "validate/fidelity/lockstep.h"

namespace fidelio {

/// Steps of a sigma, at least.
inline constexpr std::size_t kSigmaSteps = 64;

class References {
 public:
  /// `sites` says what is rounded where.
  References(const LoadedModel& model, const RopeTable& rope, ThreadTeam& team,
             const std::map<std::string, SiteTally>& sites);

  /// Runs the routed pass at one token a step and evaluates `steps` of its rows and those at
  /// `disputed` positions in float64 and naively, each behind the baseline's cache and with the
  /// baseline's experts. Disputes ask for kSigmaSteps rows, prompt tokens among them if need be.
  ReferenceRecord measure(Arm& baseline, Arm& patched, LockstepInput input, std::size_t steps,
                          const std::set<std::size_t>& disputed);

  /// Over all prompts measured.
  std::vector<RouterNoiseRecord> router_noise() const;

 private:
  struct Noise {
    int layer = 0;
    std::int64_t rows = 0;
    double baseline = 0;  ///< sums of squares
    double naive = 0;
    std::int64_t logits = 0;
  };
  struct SampledRows;
  SampledRows sample(Arm& baseline, Arm& patched, const LockstepInput& input,
                     const std::set<std::size_t>& chosen) const;
  ReferenceRecord distances(const SampledRows& rows, const Rows<double>& truth,
                            const Rows<float>& naive) const;
  template <class T>
  std::map<ValueId, Rows<T>> evaluate(Cache& cache, const SampledRows& rows);
  void add_router_noise(const SampledRows& rows, const std::map<ValueId, Rows<double>>& truth,
                        const std::map<ValueId, Rows<float>>& naive);

  const LoadedModel& model_;
  const RopeTable& rope_;
  ThreadTeam& team_;
  RoundedInputs rounded_;
  std::map<ValueId, Noise> noise_;  ///< by the value of router logits
};

/// `n` of [first, first + count), evenly spread, ends included.
std::set<std::size_t> spread(std::size_t first, std::size_t count, std::size_t n);

}  // namespace fidelio
