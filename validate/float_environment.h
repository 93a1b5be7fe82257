// The floating-point mode that the numerics contract needs: round to nearest, subnormals kept. A
// library linked with fast-math flips it for the whole process when it is loaded, so it is looked
// at around every run.
#pragma once

namespace fidelio {

/// Throws UserError saying what is set when the calling thread rounds otherwise or flushes
/// subnormals.
void require_ieee_mode();

}  // namespace fidelio
