// Graphs built by hand, verification, and the editor. Text is graph_text_test.cc.
#include "core/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph_editor.h"
#include "core/graph_text.h"

namespace fidelio {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Node node_of(Op op, std::vector<ValueId> inputs) {
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  return node;
}

Graph three_adds() {
  return parse_graph(R"(
    %x = input [M, 8]
    %a = add %x, %x
    %b = add %a, %x
    %c = add %b, %a
    output %c )");
}

TEST(Graph, KnowsWhoMakesAndWhoReadsAValue) {
  const Graph g = three_adds();
  const ValueId a = g.find_value("a").value();

  EXPECT_EQ(g.producer(a), 1);
  EXPECT_THAT(g.consumers(a), ElementsAre(2, 3));
  EXPECT_THAT(g.consumers(g.find_value("x").value()), ElementsAre(1, 2)) << "each reader once";
  EXPECT_THAT(g.consumers(g.find_value("c").value()), IsEmpty());
  EXPECT_TRUE(g.is_output(g.find_value("c").value()));
  EXPECT_FALSE(g.is_output(a));
}

TEST(Graph, ReadsAttributesByTypeAndName) {
  const Graph g = parse_graph("%x = input [M, 8]\n%w, %e = top_k %x {k=2}");

  EXPECT_EQ(g.node(1).integer("k"), 2);
  EXPECT_THROW(g.node(1).number("k"), std::logic_error);
  EXPECT_THROW(g.node(1).integer("eps"), std::logic_error);
}

TEST(Graph, RefusesANodeThatDoesNotFitAndStaysAsItWas) {
  Graph g = three_adds();
  const Graph before = g;

  EXPECT_THROW(g.add(node_of(Op::add, {0}), {"r"}), GraphError);
  EXPECT_THROW(g.add(node_of(Op::add, {0, 99}), {"r"}), GraphError);
  EXPECT_THROW(g.add(node_of(Op::add, {0, 0}), {"a"}), GraphError) << "the name is taken";
  EXPECT_THROW(g.add(node_of(Op::add, {0, 0}), {"not a name"}), GraphError);
  EXPECT_THROW(g.add(node_of(Op::input, {}), {"r"}), GraphError);
  EXPECT_THROW(g.add_input("z", ValueType::f32, {0}), GraphError);
  EXPECT_THROW(g.set_outputs({99}), GraphError);
  EXPECT_EQ(g, before);
}

TEST(Graph, AParameterIsOneParameterHoweverOftenItIsAdded) {
  Graph g;
  const Param matrix{"w", ParamKind::matrix, {4, 8}, {}, {}};
  Param other = matrix;
  other.shape = {8, 4};

  EXPECT_EQ(g.add_param(matrix), g.add_param(matrix));
  EXPECT_THAT(g.param(0).sources, ElementsAre("w"));
  EXPECT_THROW(g.add_param(other), GraphError);
  EXPECT_THROW(g.add_param({"v", ParamKind::vector, {4, 8}, {}, {}}), GraphError);
  EXPECT_THROW(g.add_param({"c", ParamKind::constant, {2}, {}, {1.0F}}), GraphError);
}

TEST(GraphEditor, RemovesWhatNobodyReads) {
  Graph g = three_adds();

  GraphEditor editor(g);
  Node silu = node_of(Op::silu, {g.find_value("x").value()});
  silu.outputs = {g.find_value("c").value()};
  editor.replace(3, silu);
  editor.finish();
  g.verify();

  EXPECT_EQ(to_text(g), "%x = input [M, 8]\n%c = silu %x\noutput %c\n");
  EXPECT_EQ(g, parse_graph(to_text(g))) << "values are numbered anew";
}

TEST(GraphEditor, MakesValuesWithFreshNames) {
  Graph g = three_adds();

  GraphEditor editor(g);
  const ValueId first = editor.make_value("a", ValueType::f32, {kTokens, 8});
  const ValueId second = editor.make_value("a", ValueType::f32, {kTokens, 8});

  EXPECT_EQ(g.value(first).name, "a.1");
  EXPECT_EQ(g.value(second).name, "a.2");
}

TEST(GraphEditor, VerificationFindsABrokenRewrite) {
  Graph twice = three_adds();
  GraphEditor twice_editor(twice);
  Node makes_b = node_of(Op::silu, {0});
  makes_b.outputs = {twice.find_value("b").value()};
  twice_editor.replace(1, makes_b);
  EXPECT_THROW(twice.verify(), GraphError) << "%b is made twice, %a never";

  Graph lost = three_adds();
  GraphEditor lost_editor(lost);
  lost_editor.erase(1);
  lost_editor.finish();
  EXPECT_THROW(lost.verify(), GraphError) << "%a is read, not made";

  Graph misshapen = three_adds();
  GraphEditor shape_editor(misshapen);
  Node narrow = node_of(Op::wanted_rows, {misshapen.find_value("b").value()});
  narrow.outputs = {misshapen.find_value("c").value()};
  shape_editor.replace(3, narrow);
  EXPECT_THROW(misshapen.verify(), GraphError) << "%c is [M, 8]";
}

}  // namespace
}  // namespace fidelio
