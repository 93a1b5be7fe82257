// Runs one reordering on one seeded random checkpoint through a whole validation and says what it
// was judged to be.
#pragma once

#include <cstdint>
#include <string>

#include "tests/catalogue/reordering.h"
#include "tests/catalogue/route_spy.h"
#include "validate/loaded_model.h"

namespace fidelio::catalogue {

struct ReorderingOutcome {
  std::string name;
  std::string model;
  std::uint32_t seed = 0;
  bool ties = false;       ///< router rows drawn together
  bool is_defect = false;  ///< of false_reorderings/
  std::string verdict;
  std::string sentence;
  std::int64_t exit_code = 0;
  bool ids_unchanged = false;
  double max_abs_err = 0;        ///< of logits, steps of one token, free routing
  std::int64_t route_flips = 0;  ///< of the record, routed comparisons
  FlipCount spied;               ///< seen from inside, free routing
  std::int64_t misroutes = 0;    ///< made on purpose

  /// Not BROKEN when harmless, BROKEN when not.
  bool right() const;
};

/// Whether the file asks for this kind of router and the checkpoint can have it.
bool runs_on(const Reordering& reordering, const std::string& folder, bool ties);

/// On the random checkpoint of a seed, made from the oracle in `folder`.
ReorderingOutcome run_reordering(const Reordering& reordering, const std::string& folder,
                                 std::uint32_t seed, bool ties);

}  // namespace fidelio::catalogue
