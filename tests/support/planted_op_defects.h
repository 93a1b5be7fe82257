// The list of defects for the tests of the op-level check: in which kernel, how the check must name
// it, and in which cases alone it may show. What each does is defective_op_kernels.h.
#pragma once

#include <ostream>
#include <vector>

#include "tests/support/defective_op_kernels.h"
#include "validate/op_checks/op_case.h"

namespace fidelio::testing {

struct PlantedOpDefect {
  const char* name;
  const char* op;
  const char* kind;  ///< of OpFailure
  void (*plant)(KernelTable& kernels);
  bool (*shows_in)(const OpCase& c);
};

inline void PrintTo(const PlantedOpDefect& defect, std::ostream* os) { *os << defect.name; }

inline bool anywhere(const OpCase&) { return true; }

inline std::vector<PlantedOpDefect> planted_op_defects() {
  using namespace defects;
  using K = KernelTable;
  using C = const OpCase&;
  return {
      {"DroppedTailLanes", "linear", "error", [](K& k) { k.linear = dropped_tail_lanes; },
       [](C c) { return c.cols % 16 != 0; }},
      {"OneUlp", "silu", "bits", [](K& k) { k.silu = one_ulp; }, anywhere},
      {"OnePastTheEnd", "combine", "guard band", [](K& k) { k.combine = one_past_the_end; },
       anywhere},
      {"ReadBeyondTheInput", "combine", "error", [](K& k) { k.combine = read_beyond_the_input; },
       anywhere},
      {"OneBeforeTheBeginning", "attention", "guard band",
       [](K& k) { k.attention = one_before_the_beginning; }, anywhere},
      {"ForgottenLastRow", "softmax", "unwritten", [](K& k) { k.softmax = forgotten_last_row; },
       [](C c) { return c.n_tokens > 2; }},
      {"WrongAtSevenTokens", "gather_matmul", "error",
       [](K& k) { k.gather_matmul = wrong_at_seven_tokens; }, [](C c) { return c.n_tokens == 7; }},
      {"UnsetWorkspace", "router_topk", "bits", [](K& k) { k.router_topk = unset_workspace; },
       anywhere},
      {"TooLargeAWorkspace", "down_combine", "guard band",
       [](K& k) { k.down_combine = too_large_a_workspace; }, anywhere},
      {"NanBecomesZero", "rms_norm", "error", [](K& k) { k.rms_norm = nan_becomes_zero; },
       [](C c) { return c.data == DataKind::nan || c.data == DataKind::infinite; }},
      {"WrongWhenMisaligned", "add_rms_norm", "error",
       [](K& k) { k.add_rms_norm = wrong_when_misaligned; }, [](C c) { return c.misaligned; }},
      {"ChangedInput", "add_bias", "input changed", [](K& k) { k.add_bias = changed_input; },
       anywhere},
      {"SecondThreadsRows", "linear", "error", [](K& k) { k.linear = second_threads_rows; },
       [](C c) { return c.threads > 1; }},
      {"AnotherThreadsRows", "embedding", "bits", [](K& k) { k.embedding = another_threads_rows; },
       [](C c) { return c.threads > 1; }},
      {"FlushedDenormals", "mul", "bits", [](K& k) { k.mul = flushed_denormals; },
       [](C c) { return c.data == DataKind::denormals || c.data == DataKind::tiny; }},
      {"ScalesWithoutSign", "gate_up_swiglu", "error",
       [](K& k) { k.gate_up_swiglu = scales_without_sign; }, [](C c) { return c.group_size != 0; }},
      {"TiesToTheHigherId", "top_k", "error", [](K& k) { k.top_k = ties_to_the_higher_id; },
       [](C c) { return c.data == DataKind::signed_zeros || c.data == DataKind::infinite; }},
      {"WrongZero", "add", "bits", [](K& k) { k.add = wrong_zero; },
       [](C c) { return c.data == DataKind::signed_zeros; }},
      {"UnusedSlot", "attention", "error", [](K& k) { k.attention = unused_slot; }, anywhere},
      {"WindowOffByOne", "attention", "error", [](K& k) { k.attention = window_off_by_one; },
       [](C c) { return c.window != 0; }},
      {"StaleSlot", "kv_append", "error", [](K& k) { k.kv_append = stale_slot; },
       [](C c) { return c.n_tokens == 33; }},
      {"InterleavedAsHalves", "rope", "error", [](K& k) { k.rope = interleaved_as_halves; },
       [](C c) { return c.variant % 2 == 1; }},
      {"MultipliedByAnInverse", "normalize", "bits",
       [](K& k) { k.normalize = multiplied_by_an_inverse; }, anywhere},
      {"DroppedSinks", "attention", "error", [](K& k) { k.attention = dropped_sinks; },
       [](C c) { return c.variant % 2 == 1; }},
      {"OneStepOld", "short_conv", "error", [](K& k) { k.short_conv = one_step_old; },
       [](C c) { return c.context + c.n_tokens > 1; }},
      {"IgnoredClamp", "clamp", "error", [](K& k) { k.clamp = ignored_clamp; }, anywhere},
      {"ClampedNan", "clamp", "error", [](K& k) { k.clamp = clamped_nan; },
       [](C c) { return c.data == DataKind::nan; }},
      {"BiasKeptInWeights", "router_topk", "error",
       [](K& k) { k.router_topk = bias_kept_in_weights; }, [](C c) { return c.variant >= 6; }},
      {"IgnoredAlpha", "silu", "error", [](K& k) { k.silu = ignored_alpha; },
       [](C c) { return c.variant >= 2; }},
      {"SwappedBiases", "gate_up_swiglu", "error", [](K& k) { k.gate_up_swiglu = swapped_biases; },
       [](C c) { return c.variant >= 2; }},
      {"IgnoredForm", "gate_up_swiglu", "error", [](K& k) { k.gate_up_swiglu = ignored_form; },
       [](C c) { return c.variant == 3; }},
      {"DroppedDownBias", "down_combine", "error", [](K& k) { k.down_combine = dropped_down_bias; },
       [](C c) { return c.variant == 1; }},
      {"IgnoredEps", "normalize", "bits", [](K& k) { k.normalize = ignored_eps; },
       [](C c) { return c.variant >= 2; }},
  };
}

}  // namespace fidelio::testing
