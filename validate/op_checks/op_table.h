// Every kernel of KernelTable and how it is checked: one entry an op. A new kernel is one row of
// the table in op_table.cc and one make_ function; a test counts the rows against the fields of
// KernelTable, so that no kernel stays unchecked.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "kernels/table.h"

namespace fidelio {

class OpProblem;

/// Which sizes of an OpCase an op uses, and so which cases are made for it (case_grid.cc).
enum class OpForm {
  rows,     ///< n_tokens rows of `cols`
  choice,   ///< n_tokens rows of `cols` logits, `top_k` chosen
  slots,    ///< n_tokens x top_k rows of `cols`
  dense,    ///< a weight [rows, cols]
  experts,  ///< `experts` weights [rows, cols], `top_k` a token
  heads,    ///< n_tokens x heads rows of an even head_dim `cols`, after `context` positions
  cache     ///< heads on kv_heads of head_dim `cols`, `context` cached positions, `window`; of
            ///< short_conv: kv_heads * cols channels, `window` taps (one where that is 0)
};

struct OpEntry {
  std::string_view name;  ///< of the field of KernelTable
  std::size_t field;      ///< its offset there
  OpForm form;
  int n_variants;                    ///< OpCase::variant is below this
  void (*make)(OpProblem& problem);  ///< inputs, call and truth from problem.c
};

/// In the order of KernelTable.
std::span<const OpEntry> all_op_entries();
std::span<const std::string> op_entry_names();
/// nullptr for an unknown name.
const OpEntry* find_op_entry(std::string_view name);
/// Of a known name.
OpForm form_of(std::string_view name);

// Where the ops are made: ops_dense.cc, ops_experts.cc, ops_rounded.cc, ops_rows.cc, ops_scalar.cc,
// ops_router.cc, ops_cache.cc.
void make_embedding(OpProblem& p);
void make_linear(OpProblem& p);
void make_gather_matmul(OpProblem& p);
void make_gather_matmul_int8(OpProblem& p);
void make_gather_matmul_int16(OpProblem& p);
void make_gate_up_swiglu(OpProblem& p);
void make_down_combine(OpProblem& p);
void make_rms_norm(OpProblem& p);
void make_add_rms_norm(OpProblem& p);
void make_add_bias(OpProblem& p);
void make_add(OpProblem& p);
void make_mul(OpProblem& p);
void make_add_scalar(OpProblem& p);
void make_mul_scalar(OpProblem& p);
void make_clamp(OpProblem& p);
void make_sigmoid(OpProblem& p);
void make_silu(OpProblem& p);
void make_gelu(OpProblem& p);
void make_columns(OpProblem& p);
void make_take(OpProblem& p);
void make_add_expert_bias(OpProblem& p);
void make_combine(OpProblem& p);
void make_softmax(OpProblem& p);
void make_normalize(OpProblem& p);
void make_top_k(OpProblem& p);
void make_router_topk(OpProblem& p);
void make_rope(OpProblem& p);
void make_kv_append(OpProblem& p);
void make_attention(OpProblem& p);
void make_short_conv(OpProblem& p);

}  // namespace fidelio
