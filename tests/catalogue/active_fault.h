// Inside of planted_fault.h, for the wrapped kernels only: the active fault, private copies of
// outputs, and how harmed outputs reach the real ones.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "tests/catalogue/planted_fault.h"

namespace fidelio::catalogue {

struct ActiveFault {
  Fault fault;
  Trigger trigger = Trigger::always;
  KernelTable good;

  bool is(std::string_view name) const { return fault.name == name; }
  double number(const char* name) const { return fault.numbers.at(name); }
  std::size_t count(const char* name) const { return static_cast<std::size_t>(number(name)); }
};

const ActiveFault& active();

/// Notes that a token's bits were changed.
void note_harm(int layer, const CallSite& call, std::size_t token);

CallSite call_site(std::size_t n_tokens, const Share& share);

/// The nearest float above.
inline float one_ulp_up(float x) {
  return std::nextafter(x, std::numeric_limits<float>::infinity());
}

/// A thread's own copy of an output. Elements that a kernel has not written hold a pattern that no
/// kernel makes, so a wrapper learns which part of the output is this thread's without knowing how
/// the kernel divides its work.
template <typename T>
class OwnCopy {
 public:
  explicit OwnCopy(std::size_t n) : values_(n, std::bit_cast<T>(kUnwritten)) {}

  T* data() { return values_.data(); }
  T& operator[](std::size_t i) { return values_[i]; }
  bool mine(std::size_t i) const { return std::bit_cast<std::uint32_t>(values_[i]) != kUnwritten; }

  /// Copies this thread's elements of [begin, end) over `real`; true when a bit changed.
  bool copy_to(T* real, std::size_t begin, std::size_t end) const {
    bool changed = false;
    for (std::size_t i = begin; i < end; ++i) {
      if (!mine(i)) continue;
      changed |= std::memcmp(real + i, &values_[i], sizeof(T)) != 0;
      real[i] = values_[i];
    }
    return changed;
  }

 private:
  static constexpr std::uint32_t kUnwritten = 0xFFC0DEADU;
  std::vector<T> values_;
};

/// The workspace's first float before a kernel wrote there, times zero: NaN in checked mode.
float leftover(const Share& share);

// The kernels with the active fault, one an op.
void bad_gate_up_swiglu(const GateUpSwigluArgs& args, Share share);
void bad_down_combine(const DownCombineArgs& args, Share share);
void bad_router_topk(const RouterTopkArgs& args, Share share);
void bad_add_rms_norm(const AddRmsNormArgs& args, Share share);
void bad_linear(const LinearArgs& args, Share share);
void bad_add_bias(const AddBiasArgs& args, Share share);
void bad_rope(const RopeArgs& args, Share share);
void bad_kv_append(const KvAppendArgs& args, Share share);
void bad_attention(const AttentionArgs& args, Share share);
void bad_short_conv(const ShortConvArgs& args, Share share);

}  // namespace fidelio::catalogue
