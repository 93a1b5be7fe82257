// The text form of graphs: what it looks like, that it parses back, and that no text crashes the
// parser.
#include "core/graph_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace fidelio {
namespace {

constexpr const char* kModel = R"(@rope.inv_freq = constant [2] {1, 0.0010000000474974513}
@model.embed_tokens = matrix [32, 8]
@q_norm = vector [4]
@router = matrix [4, 8]
@experts.*.gate_proj = experts [4, 8, 8] or @switch_mlp.gate_proj
%ids = input [M] i32
%positions = input [M] i32
%x = embedding @model.embed_tokens, %ids
layer 0
%qn = rms_norm @q_norm, %x {eps=1e-06, groups=2}
%qr = rope @rope.inv_freq, %qn, %positions {heads=2}
%kv = kv_append %qr, %x {layer=0}
%a = attention %qr, %kv {layer=0, num_attention_heads=2, num_key_value_heads=2, scale=0.5}
layer 1
%rl = linear @router, %a
%w, %e = router_topk %rl {k=2, order=softmax_topk, normalize=1}
%g = gather_matmul @experts.*.gate_proj, %a, %e
%y = combine %g, %w
layer none
%z = linear @model.embed_tokens, %y
output %z, %a
)";

std::string error_of(const std::string& text) {
  try {
    parse_graph(text);
  } catch (const GraphTextError& error) {
    return error.what();
  }
  return "no error";
}

TEST(GraphText, PrintsWhatItParsed) {
  const std::string printed = to_text(parse_graph(kModel));

  const std::string canonical_constant = "{1, 0.001}";
  std::string expected = kModel;
  expected.replace(expected.find("{1, "), expected.find('}') - expected.find("{1, ") + 1,
                   canonical_constant);
  EXPECT_EQ(printed, expected);
  EXPECT_EQ(to_text(parse_graph(printed)), printed);
  EXPECT_EQ(parse_graph(printed), parse_graph(kModel));
}

TEST(GraphText, DeclaresEveryKindOfParameterAndSelectorsOfRows) {
  const std::string text =
      "@up_bias = expert_vectors [4, 8] or @experts.gate_up_proj_bias[1::2]\n"
      "@conv = taps [8, 3]\n"
      "@gate_up_proj.T[:half] = experts [4, 8, 8]\n";

  const Graph g = parse_graph(text);

  EXPECT_EQ(to_text(g), text);
  EXPECT_EQ(g.params()[0].kind, ParamKind::expert_vectors);
  EXPECT_EQ(g.params()[1].kind, ParamKind::taps);
  EXPECT_EQ(g.params()[2].name, "gate_up_proj.T[:half]");
}

TEST(GraphText, EqualityNoticesEveryPart) {
  const Graph g = parse_graph(kModel);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"eps=1e-06", "eps=1.1e-06"},     {"layer 1", "layer 2"},
      {"output %z, %a", "output %z"},   {"or @switch_mlp", "or @other"},
      {"{1, 0.001", "{1, 0.002"},       {"%qr, %x {layer=0}", "%x, %qr {layer=0}"},
      {"softmax_topk", "topk_softmax"}, {"@router = matrix [4", "@router = matrix [5"},
  };
  for (const auto& [from, to] : changes) {
    std::string text = kModel;
    text.replace(text.find(from), from.size(), to);
    EXPECT_FALSE(parse_graph(text) == g) << to;
  }
}

TEST(GraphText, IgnoresBlanksCommentsAndTheOrderOfAttributes) {
  const Graph g = parse_graph("  # router\n %p=input[M,8]\r\n\n\t%w,%e = top_k  %p{ k = 2 } # two");
  EXPECT_EQ(to_text(g), "%p = input [M, 8]\n%w, %e = top_k %p {k=2}\noutput %w, %e\n");

  const Graph r = parse_graph(
      "%p = input [M, 8]\n%w, %e = router_topk %p {normalize=0, order=topk_softmax, k=2}");
  EXPECT_THAT(ops_text(r), ::testing::HasSubstr("{k=2, order=topk_softmax, normalize=0}"));
}

TEST(GraphText, AnUntypedInputReadAsIdsHoldsIntegers) {
  const Graph g = parse_graph(R"(
    %x   = input [1, 64]
    %ids = input [1, 4]
    %out = gather_matmul @gate_proj, %x, %ids )");

  EXPECT_EQ(g.value(g.find_value("x").value()).type, ValueType::f32);
  EXPECT_EQ(g.value(g.find_value("ids").value()).type, ValueType::i32);
}

TEST(GraphText, FloatsComeBackBitForBit) {
  const Graph base = parse_graph("%x = input [M, 8]\n%y = rms_norm @w, %x {eps=1}");
  std::mt19937 random(7);
  std::vector<float> values = {0.0F,   -0.0F,           1.0F,       0x1p-149F, -0x1.fffffep127F,
                               1e-05F, 1 / 11.3137085F, 16777216.0F};
  while (values.size() < 500) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(value)) values.push_back(value);
  }
  for (const float value : values) {
    Node node = base.node(1);
    node.outputs.clear();
    node.attributes = {{"eps", value}};
    Graph g = base;
    g.add(node, {"z"});

    const Graph back = parse_graph(to_text(g));

    EXPECT_EQ(std::bit_cast<std::uint32_t>(back.node(2).number("eps")),
              std::bit_cast<std::uint32_t>(value));
  }
}

TEST(GraphText, ErrorsNameTheLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"%x = input [M]\n%y = sliu %x", "line 2: no op \"sliu\""},
      {"%y = silu %x", "line 1: %x is read before it is made"},
      {"%x = input [M]\n%x = silu %x", "line 2: %x is made twice"},
      {"%x = input [0]", "line 1: a size is at least 1"},
      {"%x = input [M", "line 1: expected ']' before the end"},
      {"%x = input [M] f64", "line 1: no type \"f64\""},
      {"%x = input [99999999999999999999]", "line 1: expected a size, M, L or ?"},
      {"%x = input [M]\n%y = silu %x {k=1}", "line 2: silu has no attribute \"k\""},
      {"%x = input [M, 8]\n%y, %z = top_k %x {k=two}", "line 2: expected an integer"},
      {"%x = input [M, 8]\n%y, %z = top_k %x {k=9}", "line 2: top_k: k=9 of 8 columns"},
      {"%x = input [M, 8]\n%y = rms_norm @w, %x {eps=nan}", "line 2: rms_norm: eps is not finite"},
      {"%x = input [M, 8]\n%y = rms_norm %x, @w {eps=1}", "line 2: parameters stand before inputs"},
      {"%x = input [M]\n@w = vector [4]", "line 2: parameters are declared before the first op"},
      {"@w = vector [4]\n@w = vector [4]", "line 2: @w twice"},
      {"@w = tensor [4]", "line 1: \"tensor\" is no kind"},
      {"@w = constant [2] {1, inf}", "line 1: @w holds a value that is not finite"},
      {"@w = constant [2] {1}", "line 1: @w has 1 values"},
      {"%x = input [M]\noutput %y", "line 2: %y is read before it is made"},
      {"%x = input [M]\noutput %x\n%y = silu %x", "line 3: nothing may follow the output line"},
      {"layer -2\n", "line 1: a layer is not negative"},
      {"hello", "line 1: expected layer or output, found \"hello\""},
  };
  for (const auto& [text, why] : cases) {
    EXPECT_THAT(error_of(text), ::testing::StartsWith(why)) << text;
  }
}

TEST(GraphText, EmptyTextIsAnEmptyGraph) {
  EXPECT_EQ(parse_graph(""), Graph());
  EXPECT_EQ(to_text(Graph()), "");
}

/// Mutations of a real graph: each either parses to a graph that prints and parses back, or is
/// refused.
TEST(GraphText, NoTextCrashesTheParser) {
  const std::string model = kModel;
  const std::string bytes = "@%=[]{},#MLk0129.e-+*?\n\t\xff";
  std::mt19937 random(20251121);
  const auto pick = [&](std::size_t n) { return random() % n; };
  int parsed = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = model;
    for (std::size_t edits = 1 + pick(4); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = pick(text.size());
      switch (pick(4)) {
        case 0:
          text[at] = bytes[pick(bytes.size())];
          break;
        case 1:
          text.erase(at, 1 + pick(20));
          break;
        case 2:
          text.insert(at, model.substr(pick(model.size()), pick(30)));
          break;
        default:
          text.resize(at);
      }
    }
    SCOPED_TRACE(text);
    try {
      const Graph graph = parse_graph(text);
      ++parsed;
      const std::string printed = to_text(graph);
      ASSERT_EQ(to_text(parse_graph(printed)), printed);
    } catch (const GraphTextError&) {
    }
  }
  EXPECT_GT(parsed, 200) << "mutations are too coarse to reach the code behind the parser";
}

}  // namespace
}  // namespace fidelio
