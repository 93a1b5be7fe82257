// Fills kernel tables: the scalar references, overridden by what a vector target offers.
#include "kernels/table.h"

#include <hwy/targets.h>

#include <stdexcept>

namespace fidelio {
namespace {

template <class Fn>
void prefer(Fn& entry, Fn simd) {
  if (simd != nullptr) entry = simd;
}

/// The table that Highway's current dispatch gives.
KernelTable dispatched_kernels() {
  KernelTable table;
  prefer(table.linear, linear_simd());
  prefer(table.gather_matmul, gather_matmul_simd());
  prefer(table.rms_norm, rms_norm_simd());
  prefer(table.attention, attention_simd());
  prefer(table.short_conv, short_conv_simd());
  prefer(table.softmax, softmax_simd());
  prefer(table.sigmoid, sigmoid_simd());
  prefer(table.silu, silu_simd());
  prefer(table.gelu, gelu_simd());
  prefer(table.combine, combine_simd());
  prefer(table.router_topk, router_topk_simd());
  prefer(table.gate_up_swiglu, gate_up_swiglu_simd());
  prefer(table.down_combine, down_combine_simd());
  prefer(table.add_rms_norm, add_rms_norm_simd());
  prefer(table.gather_matmul_int8, gather_matmul_int8_simd());
  prefer(table.gather_matmul_int16, gather_matmul_int16_simd());
  return table;
}

/// Pins Highway's dispatch to one target while it lives.
class ForcedTarget {
 public:
  explicit ForcedTarget(std::int64_t target) { force(target); }
  ~ForcedTarget() { force(0); }
  ForcedTarget(const ForcedTarget&) = delete;
  ForcedTarget& operator=(const ForcedTarget&) = delete;

 private:
  static void force(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

struct NamedTarget {
  std::int64_t target;
  std::string name;
};

/// Vector targets that keep the contract here, best first.
std::vector<NamedTarget> exact_targets() {
  std::vector<NamedTarget> targets;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const ForcedTarget forced(target);
    if (linear_simd() != nullptr) targets.push_back({target, hwy::TargetName(target)});
  }
  return targets;
}

}  // namespace

KernelTable ref_kernels() {
  KernelTable table;
  table.target = "ref";
  return table;
}

std::vector<std::string> kernel_targets() {
  std::vector<std::string> names;
  for (const NamedTarget& target : exact_targets()) names.push_back(target.name);
  names.emplace_back("ref");
  return names;
}

KernelTable kernels_for(const std::string& target) {
  if (target == "ref") return ref_kernels();
  std::string known;
  for (const NamedTarget& exact : exact_targets()) {
    if (target.empty() || target == exact.name) {
      const ForcedTarget forced(exact.target);
      KernelTable table = dispatched_kernels();
      table.target = exact.name;
      return table;
    }
    known += exact.name + ", ";
  }
  if (target.empty()) return ref_kernels();
  throw std::invalid_argument("unknown vector target '" + target + "': this processor has " +
                              known + "ref");
}

}  // namespace fidelio
