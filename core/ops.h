// The ops a graph may hold: names, arity and attributes, in one visible table. The shapes of their
// results are core/ops_shape.cc; their arithmetic is kernels/; nothing here computes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace fidelio {

/// In the order of the table. Shapes are row-major; M: tokens of the step, L: wanted rows, k:
/// experts a token, E: experts.
enum class Op : std::uint8_t {
  input,       ///< a value the step provides
  embedding,   ///< @matrix [vocab, hidden], ids [M] i32 -> [M, hidden]
  linear,      ///< @matrix [out, in], x [rows, in] -> [rows, out]
  add_bias,    ///< @vector [n], x [rows, n] -> x + the vector, row by row
  rms_norm,    ///< @vector [n], x [rows, groups * n] -> the same; groups = 1 when absent
  rope,        ///< @constant [head_dim / 2], x [M, heads * head_dim], positions [M] i32 -> as x;
               ///< interleaved=1: pairs of neighbours instead of halves; attention_factor: cos
               ///< and sin times it
  kv_append,   ///< k, v [M, num_key_value_heads * head_dim] -> cache
  attention,   ///< optional @vector [num_attention_heads], the sinks; q [M, num_attention_heads *
               ///< head_dim], cache -> as q; a token sees its last sliding_window positions, all
               ///< of them when absent
  short_conv,  ///< @taps [n, L], x [M, n] -> as x: each column's weighted sum of its last L rows,
               ///< those of earlier steps from the layer's cache, which receives x
  columns,     ///< x [rows, parts * n] -> [rows, n], the part-th of equal parts
  add,         ///< a, b -> their sum, of the same shape
  mul,         ///< a, b -> their product, of the same shape
  add_scalar,  ///< x -> x + value
  mul_scalar,  ///< x -> x * value
  clamp,       ///< x -> x held between min and max, where they are given
  sigmoid,     ///< x -> 1 / (1 + exp(-x))
  silu,        ///< x -> x / (1 + exp(-alpha x)); alpha = 1 when absent
  gelu,        ///< x -> GELU in its tanh form
  softmax,     ///< x -> the same shape, over the last dimension
  top_k,       ///< x [M, E] -> values [M, k], ids [M, k] i32; strongest first, ties: lower id
  take,        ///< x [M, E], ids [M, k] i32 -> [M, k], the values at the ids
  normalize,   ///< x [M, k] -> x / (sum over k, + eps where given)
  gather_matmul,    ///< @experts [E, out, in], x [M, in] or [M, k, in], ids [M, k] -> [M, k, out]
  add_expert_bias,  ///< @expert_vectors [E, n], x [M, k, n], ids [M, k] -> x + its expert's vector
  combine,          ///< x [M, k, hidden], weights [M, k] -> [M, hidden], slots in ascending order
  wanted_rows,      ///< x [M, hidden] -> [L, hidden], the rows whose logits are wanted
  // Forms that only patches write.
  router_topk,     ///< optional @vector [E], added to the scores for the selection alone; logits
                   ///< [M, E] -> weights [M, k], ids [M, k] i32
  gate_up_swiglu,  ///< @gate_proj, @up_proj [E, inter, hidden], optional @expert_vectors of both
                   ///< [E, inter]; x [M, hidden], ids -> [M, k, inter]
  down_combine,  ///< @down_proj [E, hidden, inter], optional @expert_vectors [E, hidden]; x [M, k,
                 ///< inter], ids, weights -> [M, hidden]
  add_rms_norm,  ///< @vector [n], a, b [rows, n] -> a + b, rms_norm(a + b)
  gather_matmul_int8,   ///< gather_matmul of x rounded to int8 (kernels/rounding.h)
  gather_matmul_int16,  ///< ... to int16
};

enum class AttributeType : std::uint8_t { integer, number, text };

struct AttributeInfo {
  std::string_view name;
  AttributeType type = AttributeType::integer;
  bool required = true;
};

/// What a parameter is.
enum class ParamKind : std::uint8_t {
  vector,          ///< [n]
  matrix,          ///< [out, in]
  experts,         ///< [experts, out, in]
  expert_vectors,  ///< [experts, n]
  taps,            ///< [channels, taps], kernels of a depthwise convolution
  constant         ///< [n] values stored in the graph
};

struct ParamKindInfo {
  ParamKind kind;
  std::string_view name;  ///< in a graph's text
  std::size_t rank;
};
/// Every kind, indexed by ParamKind.
std::span<const ParamKindInfo> all_param_kinds();
const ParamKindInfo& info(ParamKind kind);

/// What an op looks like in a graph.
struct OpInfo {
  Op op;
  std::string_view name;
  std::vector<ParamKind> params;           ///< always there, in order
  std::vector<ParamKind> optional_params;  ///< behind them, all or none
  std::size_t n_inputs;
  std::size_t n_outputs;
  std::vector<AttributeInfo> attributes;  ///< in the order in which they are kept and printed
  bool fused;                             ///< a form that only patches write
  int ids_input;                          ///< which input is i32; -1: none

  /// The kind of parameter i; throws std::out_of_range where the op takes fewer.
  ParamKind param_kind(std::size_t i) const;

  /// nullptr for an attribute the op does not have.
  const AttributeInfo* attribute(std::string_view attribute_name) const;
};

/// The table, indexed by Op.
std::span<const OpInfo> all_ops();
const OpInfo& info(Op op);
/// nullptr for an unknown name.
const OpInfo* find_op(std::string_view name);

}  // namespace fidelio
