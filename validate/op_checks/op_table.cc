#include "validate/op_checks/op_table.h"

#include <algorithm>
#include <vector>

#include "core/check.h"

namespace fidelio {
namespace {

/// Where a kernel's pointer lies in a table.
template <class Fn>
std::size_t field(Fn KernelTable::*member) {
  static const KernelTable table = ref_kernels();
  return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&(table.*member)) -
                                  reinterpret_cast<const std::byte*>(&table));
}

const std::vector<OpEntry>& table() {
  using T = KernelTable;
  static const std::vector<OpEntry> entries = {
      // name, field, form, variants, make
      {"embedding", field(&T::embedding), OpForm::dense, 1, make_embedding},
      {"linear", field(&T::linear), OpForm::dense, 1, make_linear},
      {"gather_matmul", field(&T::gather_matmul), OpForm::experts, 2, make_gather_matmul},
      {"gather_matmul_int8", field(&T::gather_matmul_int8), OpForm::experts, 2,
       make_gather_matmul_int8},
      {"gather_matmul_int16", field(&T::gather_matmul_int16), OpForm::experts, 2,
       make_gather_matmul_int16},
      {"rms_norm", field(&T::rms_norm), OpForm::rows, 2, make_rms_norm},
      {"rope", field(&T::rope), OpForm::heads, 4, make_rope},
      {"kv_append", field(&T::kv_append), OpForm::cache, 1, make_kv_append},
      {"attention", field(&T::attention), OpForm::cache, 4, make_attention},
      {"short_conv", field(&T::short_conv), OpForm::cache, 1, make_short_conv},
      {"softmax", field(&T::softmax), OpForm::rows, 2, make_softmax},
      {"normalize", field(&T::normalize), OpForm::rows, 4, make_normalize},
      {"top_k", field(&T::top_k), OpForm::choice, 1, make_top_k},
      {"take", field(&T::take), OpForm::choice, 1, make_take},
      {"columns", field(&T::columns), OpForm::rows, 3, make_columns},
      {"add_bias", field(&T::add_bias), OpForm::rows, 2, make_add_bias},
      {"add_expert_bias", field(&T::add_expert_bias), OpForm::slots, 2, make_add_expert_bias},
      {"add", field(&T::add), OpForm::rows, 3, make_add},
      {"mul", field(&T::mul), OpForm::rows, 3, make_mul},
      {"add_scalar", field(&T::add_scalar), OpForm::rows, 2, make_add_scalar},
      {"mul_scalar", field(&T::mul_scalar), OpForm::rows, 2, make_mul_scalar},
      {"clamp", field(&T::clamp), OpForm::rows, 4, make_clamp},
      {"sigmoid", field(&T::sigmoid), OpForm::rows, 2, make_sigmoid},
      {"silu", field(&T::silu), OpForm::rows, 4, make_silu},
      {"gelu", field(&T::gelu), OpForm::rows, 2, make_gelu},
      {"combine", field(&T::combine), OpForm::slots, 1, make_combine},
      {"router_topk", field(&T::router_topk), OpForm::choice, 8, make_router_topk},
      {"gate_up_swiglu", field(&T::gate_up_swiglu), OpForm::experts, 4, make_gate_up_swiglu},
      {"down_combine", field(&T::down_combine), OpForm::experts, 2, make_down_combine},
      {"add_rms_norm", field(&T::add_rms_norm), OpForm::rows, 3, make_add_rms_norm},
  };
  return entries;
}

}  // namespace

std::span<const OpEntry> all_op_entries() { return table(); }

std::span<const std::string> op_entry_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const OpEntry& entry : table()) all.emplace_back(entry.name);
    return all;
  }();
  return names;
}

const OpEntry* find_op_entry(std::string_view name) {
  for (const OpEntry& entry : table()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

OpForm form_of(std::string_view name) {
  const OpEntry* entry = find_op_entry(name);
  FIDELIO_CHECK(entry != nullptr);
  return entry->form;
}

}  // namespace fidelio
