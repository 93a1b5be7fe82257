// The site pass: the patched arm runs in lockstep with the baseline, and every node of it reads the
// baseline's values. What a node makes of them is compared row by row and then replaced, so a
// difference is the doing of the node where it is seen. Which rows are right is
// validate/fidelity/site_tests.h.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/fragment.h"
#include "validate/fidelity/lockstep.h"
#include "validate/fidelity/site_row.h"
#include "validate/fidelity/step_tape.h"

namespace fidelio {

/// What was seen at one node of the patched graph, over all passes.
struct SiteTally {
  SiteRecord record;
  std::size_t order = 0;  ///< place of the node among all, for who comes first in a step
  Numerics numerics = Numerics::bit_exact;
  const Patch* the_patch = nullptr;
  Fragment fragment;                ///< of the baseline's graph; of patched sites alone
  std::optional<ValueId> x;         ///< there, what the fused node reads first
  std::vector<SiteSample> samples;  ///< rows that were chosen beforehand
  std::optional<SiteSample> worst;  ///< the row farthest from the baseline
  double worst_distance = 0;
  ErrorNorm sizes;  ///< of the rows that differ
  /// Rows farther than this from the baseline are kept in order, a few.
  double suspicious_distance = std::numeric_limits<double>::infinity();
  std::vector<SiteSample> suspects;
  std::optional<SitePointRecord> first_wrong;  ///< choice of experts
};

/// Suspects that are kept of a site.
inline constexpr std::size_t kMaxSuspects = 64;

class SitePass {
 public:
  SitePass(Arm& baseline, Arm& patched);
  ~SitePass();

  /// Compares every row of the input's steps; keeps the rows at `sampled` positions of sites that
  /// are not bit_exact, and the worst one of each.
  void run(const LockstepInput& input, const std::set<std::size_t>& sampled);

  /// Keeps rows of a site, in order, that lie farther than this from the baseline.
  void suspect(const std::string& site, double distance) { suspicious_[site] = distance; }
  bool suspects_any() const { return !suspicious_.empty(); }

  /// Rows that were compared, by what made them.
  const std::map<Op, std::int64_t>& rows_by_op() const { return rows_by_op_; }

  /// By the name of the result.
  const std::map<std::string, SiteTally>& tallies() const { return tallies_; }
  std::map<std::string, SiteTally>& tallies() { return tallies_; }

 private:
  class Watcher;

  Arm& baseline_;
  Arm& patched_;
  StepTape tape_;
  std::map<std::size_t, std::unique_ptr<Watcher>> watchers_;  ///< by step width
  std::map<std::string, SiteTally> tallies_;
  std::map<std::string, double> suspicious_;
  std::map<Op, std::int64_t> rows_by_op_;
  const LockstepInput* input_ = nullptr;
  const std::set<std::size_t>* sampled_ = nullptr;
};

}  // namespace fidelio
