// The (token, slot) pairs of a step sorted by expert, so that a matrix-matrix kernel reads each
// expert once. Each thread makes its own copy in its workspace: cheaper than a barrier.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fidelio {

class ExpertOrder {
 public:
  /// Counting sort of ids [n_pairs] into `workspace` (expert_order_workspace_bytes); stable.
  ExpertOrder(const std::int32_t* ids, std::size_t n_pairs, std::size_t n_experts,
              std::byte* workspace)
      : starts_(reinterpret_cast<std::uint32_t*>(workspace)), pairs_(starts_ + n_experts + 1) {
    for (std::size_t e = 0; e <= n_experts; ++e) starts_[e] = 0;
    for (std::size_t p = 0; p < n_pairs; ++p) ++starts_[ids[p]];
    std::uint32_t sum = 0;
    for (std::size_t e = 0; e <= n_experts; ++e) sum = starts_[e] += sum;
    // Now starts_[e] is the end of expert e; filling backwards turns it into the start.
    for (std::size_t p = n_pairs; p-- > 0;)
      pairs_[--starts_[ids[p]]] = static_cast<std::uint32_t>(p);
  }

  std::size_t count(std::size_t expert) const { return starts_[expert + 1] - starts_[expert]; }
  const std::uint32_t* pairs(std::size_t expert) const { return pairs_ + starts_[expert]; }

 private:
  std::uint32_t* starts_;  // [n_experts + 1]
  std::uint32_t* pairs_;   // [n_pairs]
};

inline std::size_t expert_order_bytes(std::size_t n_pairs, std::size_t n_experts) {
  return (n_pairs + n_experts + 1) * sizeof(std::uint32_t);
}

}  // namespace fidelio
