// Several tests at once: p values adjusted so that the chance of any false finding among all of
// them stays at the level. Which tests belong together is the gate's decision.
#pragma once

#include <vector>

namespace fidelio {

/// Each p value adjusted for all of them, in the order given: the k-th smallest of m times m - k +
/// 1, never below a smaller one's, at most 1. Below a level, the finding stands at that level among
/// all. Source: Holm 1979, A simple sequentially rejective multiple test procedure.
std::vector<double> holm_adjusted(const std::vector<double>& p_values);

}  // namespace fidelio
