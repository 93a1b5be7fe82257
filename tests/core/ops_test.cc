// The table of ops and their shape rules: what each op makes, and what it refuses. The text form is
// graph_text_test.cc.
#include "core/ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/graph_text.h"

namespace fidelio {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDeclarations = R"(
  @norm = vector [64]
  @head_norm = vector [16]
  @w = matrix [48, 64]
  @up = experts [8, 32, 64]
  @up9 = experts [9, 32, 64]
  @down = experts [8, 64, 32]
  @freq = constant [8]
  @bias8 = vector [8]
  @up_bias = expert_vectors [8, 32]
  @down_bias = expert_vectors [8, 64]
  @taps = taps [64, 3]
  %i = input [M] i32
  %x = input [M, 64]
  %y = input [L, 64]
  %n = input [M, 48]
  %logits = input [M, 8]
  %e = input [M, 2] i32
  %e3 = input [M, 3] i32
  %p = input [M, 2]
  %m = input [M, 2, 32]
  %kv = input [32] cache
)";

/// The shape of the last result of a line over the values above.
std::string made_by(const std::string& line) {
  const Graph graph = parse_graph(kDeclarations + line);
  return dims_text(graph.value(graph.outputs().back()).shape);
}

std::string error_of(const std::string& line) {
  try {
    parse_graph(kDeclarations + line);
  } catch (const GraphTextError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Ops, TheTableIsIndexedByOp) {
  for (std::size_t i = 0; i < all_ops().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(all_ops()[i].op), i);
    EXPECT_EQ(find_op(all_ops()[i].name), &info(all_ops()[i].op));
  }
  EXPECT_EQ(find_op("no_such_op"), nullptr);
}

TEST(Ops, EveryOpMakesItsShape) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"%r = embedding @w, %i", "[M, 64]"},
      {"%r = linear @w, %x", "[M, 48]"},
      {"%r = linear @w, %y", "[L, 48]"},
      {"%r = add_bias @norm, %x", "[M, 64]"},
      {"%r = rms_norm @norm, %x {eps=1e-05}", "[M, 64]"},
      {"%r = rms_norm @head_norm, %x {eps=1e-05, groups=4}", "[M, 64]"},
      {"%r = rope @freq, %x, %i {heads=4}", "[M, 64]"},
      {"%r = rope @freq, %x, %i {heads=4, interleaved=1}", "[M, 64]"},
      {"%r = kv_append %x, %x {layer=0}", "[64]"},
      {"%r = attention %x, %kv {layer=0, num_attention_heads=4, num_key_value_heads=2, scale=0.25}",
       "[M, 64]"},
      {"%r = short_conv @taps, %x {layer=0}", "[M, 64]"},
      {"%r = columns %x {part=3, parts=4}", "[M, 16]"},
      {"%r = add_scalar %m {value=1}", "[M, 2, 32]"},
      {"%r = mul_scalar %p {value=2.5}", "[M, 2]"},
      {"%r = clamp %m {max=7}", "[M, 2, 32]"},
      {"%r = sigmoid %logits", "[M, 8]"},
      {"%r = gelu %m", "[M, 2, 32]"},
      {"%r = take %logits, %e", "[M, 2]"},
      {"%r = add_expert_bias @up_bias, %m, %e", "[M, 2, 32]"},
      {"%w, %r = router_topk @bias8, %logits {k=2, order=sigmoid_topk, normalize=1, eps=1e-06}",
       "[M, 2]"},
      {"%r = gate_up_swiglu @up, @up, @up_bias, @up_bias, %x, %e {up_add=1}", "[M, 2, 32]"},
      {"%r = down_combine @down, @down_bias, %m, %e, %p", "[M, 64]"},
      {"%r = add %x, %x", "[M, 64]"},
      {"%r = mul %m, %m", "[M, 2, 32]"},
      {"%r = silu %m", "[M, 2, 32]"},
      {"%r = softmax %logits", "[M, 8]"},
      {"%w, %r = top_k %logits {k=2}", "[M, 2]"},
      {"%r = normalize %p", "[M, 2]"},
      {"%r = gather_matmul @up, %x, %e", "[M, 2, 32]"},
      {"%r = gather_matmul @down, %m, %e", "[M, 2, 64]"},
      {"%r = combine %m, %p", "[M, 32]"},
      {"%r = wanted_rows %x", "[L, 64]"},
      {"%w, %r = router_topk %logits {k=2, order=softmax_topk, normalize=1}", "[M, 2]"},
      {"%r = gate_up_swiglu @up, @up, %x, %e", "[M, 2, 32]"},
      {"%r = down_combine @down, %m, %e, %p", "[M, 64]"},
      {"%r = gather_matmul_int8 @up, %x, %e", "[M, 2, 32]"},
      {"%r = gather_matmul_int16 @down, %m, %e", "[M, 2, 64]"},
      {"%s, %r = add_rms_norm @norm, %x, %x {eps=1e-05}", "[M, 64]"},
  };
  std::set<std::string> seen = {"input"};
  for (const auto& [line, shape] : cases) {
    EXPECT_EQ(made_by(line), shape) << line;
    const std::size_t at = line.find("= ") + 2;
    seen.insert(line.substr(at, line.find(' ', at) - at));
  }
  EXPECT_EQ(seen.size(), all_ops().size()) << "an op without a case";
}

TEST(Ops, WhatDoesNotFitIsRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"%r = linear @w, %n", "linear: widths differ: [48] and [64]"},
      {"%r = linear @norm, %x", "linear: @norm is not of the kind that this op reads"},
      {"%r = linear @w, %e", "linear: %e is of the wrong type"},
      {"%r = linear @w, %m", "linear: %m is [M, 2, 32], expected 2 dimensions"},
      {"%r = linear %x", "linear: 0 parameters, expected 1"},
      {"%r = add %x", "add: 1 inputs, expected 2"},
      {"%r = add %x, %y", "add: shapes differ: [M] and [L]"},
      {"%r = add %x, %m", "add: shapes differ: [M, 64] and [M, 2, 32]"},
      {"%r = rms_norm @norm, %x", "rms_norm: eps is missing"},
      {"%r = rms_norm @norm, %x {eps=1e-05, eps=1e-05}", "rms_norm: attribute eps twice"},
      {"%r = rms_norm @norm, %x {eps=1e-05, groups=5}", "columns [64] are no 5 equal parts"},
      {"%r = rms_norm @norm, %x {eps=1e-05, groups=0}", "rms_norm: groups=0 is out of range"},
      {"%r = rope @freq, %x, %i {heads=64}", "a head's columns [1] are no 2 equal parts"},
      {"%r = rope @freq, %x, %i {heads=2}", "rope: frequencies differ: [16] and [8]"},
      {"%r = attention %x, %kv {layer=0, num_attention_heads=4, num_key_value_heads=3, scale=1}",
       "num_attention_heads is no multiple of num_key_value_heads"},
      {"%r = attention %x, %x {layer=0, num_attention_heads=4, num_key_value_heads=2, scale=1}",
       "attention: %x is of the wrong type"},
      {"%w, %r = top_k %logits {k=9}", "top_k: k=9 of 8 columns"},
      {"%r = gather_matmul @down, %m, %e3", "experts a token differ: [2] and [3]"},
      {"%r = gather_matmul_int8 @down, %x, %e", "gather_matmul_int8: widths differ: [64] and [32]"},
      {"%r = combine %m, %n", "combine: experts a token differ: [2] and [48]"},
      {"%r = gate_up_swiglu @up, @up9, %x, %e", "numbers of experts differ: [8] and [9]"},
      {"%w, %r = router_topk %logits {k=2, order=random, normalize=1}", "order=random"},
      {"%w, %r = router_topk %logits {k=2, order=softmax_topk, normalize=2}", "normalize=2"},
      {"%r = columns %x {part=4, parts=4}", "columns: part is not below parts"},
      {"%r = columns %x {part=0, parts=3}", "columns [64] are no 3 equal parts"},
      {"%r = short_conv @taps, %n {layer=0}", "short_conv: channels differ: [48] and [64]"},
      {"%r = take %y, %e", "take: rows differ: [L] and [M]"},
      {"%r = add_expert_bias @up_bias, %m, %e3", "experts a token differ: [2] and [3]"},
      {"%r = add_expert_bias @down_bias, %m, %e", "add_expert_bias: sizes differ: [32] and [64]"},
      {"%r = gate_up_swiglu @up, @up, @up_bias, %x, %e",
       "gate_up_swiglu: 3 parameters, expected 4"},
      {"%r = down_combine @down, @up_bias, %m, %e, %p",
       "down_combine: sizes differ: [64] and [32]"},
      {"%r = attention @bias8, %x, %kv {layer=0, num_attention_heads=4, num_key_value_heads=2, "
       "scale=1}",
       "attention: heads and sinks differ: [4] and [8]"},
      {"%r = add_bias @bias8, @bias8, %logits", "add_bias: 2 parameters, expected 1"},
      {"%a, %b = silu %x", "silu has 1 results, 2 names were given"},
  };
  for (const auto& [line, why] : cases) EXPECT_THAT(error_of(line), HasSubstr(why)) << line;
}

TEST(Ops, UnknownParametersGiveUnknownDimensions) {
  EXPECT_EQ(made_by("%r = gather_matmul @undeclared, %x, %e"), "[M, 2, ?]");
  EXPECT_EQ(made_by("%r = linear @undeclared, %x"), "[M, ?]");
}

}  // namespace
}  // namespace fidelio
