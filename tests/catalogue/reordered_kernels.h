// Kernels that add up in another order than the contract: plain scalar code behind a KernelTable.
// Kernels are stateless functions, so the order that they use is one global object, set while a
// ReorderedKernels lives. The patches that declare them `reassociated` are here too.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/table.h"
#include "patches/patch.h"
#include "tests/catalogue/reordering.h"

namespace fidelio::catalogue {

class ReorderedKernels {
 public:
  /// One at a time.
  ReorderedKernels(const Reordering& reordering, const KernelTable& good);
  ReorderedKernels(const ReorderedKernels&) = delete;
  ReorderedKernels& operator=(const ReorderedKernels&) = delete;
  ~ReorderedKernels();

  /// The good kernels, those of the reordering's ops replaced.
  const KernelTable& kernels() const { return kernels_; }
  /// Every patch of the catalogue, `reassociated` where its op is reordered; and for reordered
  /// plain ops a patch that changes nothing but says so. Valid while this lives.
  std::vector<const Patch*> patches() const;

  /// Tokens that a wrong expert was given so far.
  std::int64_t misroutes() const;

 private:
  KernelTable kernels_;
  std::vector<Patch> patches_;
};

}  // namespace fidelio::catalogue
