// One case of the op-level check: everything that its inputs, its weights and the way in which the
// kernel is called follow from. A case is regenerated from these fields alone, on any machine; how
// it is judged is validate/op_checks/run_case.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernels/table.h"

namespace fidelio {

/// What the numbers of a case are like. Which of an op's operands are so follows from the seed; the
/// others are normal.
enum class DataKind : std::uint8_t {
  normal,
  denormals,
  signed_zeros,
  huge,
  tiny,
  negative_scales,  ///< of affine weights; every scale is negative
  nan,
  infinite
};

inline constexpr DataKind kAllDataKinds[] = {
    DataKind::normal, DataKind::denormals,       DataKind::signed_zeros, DataKind::huge,
    DataKind::tiny,   DataKind::negative_scales, DataKind::nan,          DataKind::infinite};

/// Fields that an op does not use stay as they are here; OpForm (op_table.h) says which it uses.
struct OpCase {
  std::string op;
  std::string target;  ///< of the kernels that were checked
  std::uint64_t seed = 1;
  DataKind data = DataKind::normal;
  bool misaligned = false;   ///< floats off by 4 bytes, weights by 1
  std::size_t threads = 1;   ///< shares, run one after the other; in reverse when the seed is odd
  std::size_t n_tokens = 1;  ///< M
  std::size_t rows = 1;      ///< of a weight
  std::size_t cols = 1;      ///< of a weight; the width of a row, head_dim, or the number of logits
  std::size_t experts = 1;
  std::size_t top_k = 1;
  std::size_t heads = 1;
  std::size_t kv_heads = 1;
  std::size_t context = 0;  ///< positions in the cache before this step
  std::size_t window = 0;   ///< sliding_window
  WeightFormat format = WeightFormat::f32;
  ScaleType scale_type = ScaleType::f32;
  std::uint32_t group_size = 0;
  int variant = 0;  ///< in place, orders, pairs: what it means is said where the op is made

  /// Real weights instead of random ones: parameters of this model's graph, from this row on.
  std::string model;
  std::string param;
  std::string second_param;
  std::size_t first_row = 0;

  bool operator==(const OpCase&) const = default;
};

std::string_view data_kind_name(DataKind kind);
std::string_view format_name(WeightFormat format);
std::string_view scale_type_name(ScaleType type);

/// "linear [19, 192] affine4 group 64 scales bf16, M 7, huge, misaligned, 2 threads, seed 9"
std::string describe(const OpCase& c);

/// Multiply-adds of the case, the measure by which cases are kept small.
std::size_t work_of(const OpCase& c);

/// "" for a case that its op can run, else what is wrong with it.
std::string complaint_about(const OpCase& c);

}  // namespace fidelio
