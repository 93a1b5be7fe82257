// Parameters under one of several names: rows selected from a tensor, transposed experts, expert
// biases, convolution kernels; and the record of what was read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint.h"
#include "kernels/contract.h"
#include "tests/support/small_model.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SafetensorsWriter;
using testing::SmallModel;

using Names = std::vector<std::string>;

/// 0, 1, 2, ... as an F32 tensor.
SafetensorsWriter counting(const std::string& name, const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t dimension : shape) n *= dimension;
  std::vector<float> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(i));
  SafetensorsWriter tensors;
  tensors.add(name, "F32", shape, values);
  return tensors;
}

std::vector<float> values_of(const WeightView& w) {
  std::vector<float> values;
  for (std::size_t i = 0; i < w.rows * w.cols; ++i)
    values.push_back(contract::weight_value(w, i / w.cols, i % w.cols));
  return values;
}

TEST(Sources, AreTriedInOrder) {
  SafetensorsWriter tensors;
  tensors.add("b.weight", "F32", {1, 2}, std::vector<float>{1, 2})
      .add("c.weight", "F32", {1, 2}, std::vector<float>{3, 4})
      .add("n.bias", "F32", {2}, std::vector<float>{5, 6});
  const Checkpoint checkpoint = SmallModel(tensors).open();
  TensorNames read;

  EXPECT_THAT(values_of(checkpoint.matrix(Names{"a", "b", "c"}, 1, 2, &read)), ElementsAre(1, 2));
  EXPECT_THAT(checkpoint.vector(Names{"n", "n.bias"}, 2, &read), ElementsAre(5, 6));
  EXPECT_THAT(read, ElementsAre("b.weight", "n.bias"));
}

TEST(Sources, ThatAreNowhereAreAllNamed) {
  const SmallModel model{SafetensorsWriter()};

  EXPECT_THAT(
      model.error_of([](const Checkpoint& c) {
        c.matrix(Names{"a", "b"}, 3, 4);
      }),
      HasSubstr("found none of the tensors \"a.weight\", \"b.weight\", expected a matrix [3, 4]"));
  EXPECT_THAT(model.error_of([](const Checkpoint& c) {
    c.vector(Names{"a", "b"}, 3);
  }),
              HasSubstr("expected a vector [3]"));
  EXPECT_THAT(model.error_of([](const Checkpoint& c) { c.expert_vectors(Names{"a.*.b"}, 2, 3); }),
              AllOf(HasSubstr("\"a.*.b.weight\""), HasSubstr("2 vectors [3]")));
  EXPECT_THAT(model.error_of([](const Checkpoint& c) {
    c.taps(Names{"a", "b"}, 2, 3);
  }),
              HasSubstr("expected kernels [2, 3]"));
}

TEST(Selectors, ChooseRowsOfAStackOfExperts) {
  const Checkpoint checkpoint = SmallModel(counting("gate_up", {2, 4, 1})).open();
  const auto rows = [&](const std::string& source, std::size_t expert) {
    return values_of(checkpoint.experts(Names{source}, 2, 2, 1)[expert]);
  };

  EXPECT_THAT(rows("gate_up[0::2]", 0), ElementsAre(0, 2));
  EXPECT_THAT(rows("gate_up[1::2]", 0), ElementsAre(1, 3));
  EXPECT_THAT(rows("gate_up[1::2]", 1), ElementsAre(5, 7));
  EXPECT_THAT(rows("gate_up[:half]", 1), ElementsAre(4, 5));
  EXPECT_THAT(rows("gate_up[half:]", 1), ElementsAre(6, 7));
}

TEST(Selectors, ChooseRowsOfAMatrixAndElementsOfAVector) {
  SafetensorsWriter tensors = counting("w.weight", {4, 2});
  tensors.add("v", "F32", {4}, std::vector<float>{0, 1, 2, 3});
  const Checkpoint checkpoint = SmallModel(tensors).open();

  EXPECT_THAT(values_of(checkpoint.matrix("w[1::2]", 2, 2)), ElementsAre(2, 3, 6, 7));
  EXPECT_THAT(checkpoint.vector("v[1::2]", 2), ElementsAre(1, 3));
  EXPECT_THAT(checkpoint.vector("v[half:]", 2), ElementsAre(2, 3));
}

TEST(Selectors, WantATensorOfAllParts) {
  const SmallModel model(counting("gate_up", {2, 3, 1}));

  EXPECT_THAT(
      model.error_of([](const Checkpoint& c) { c.experts(Names{"gate_up[0::2]"}, 2, 2, 1); }),
      HasSubstr("tensor \"gate_up\": found shape [2, 3, 1], expected [2, 4, 1]"));
}

TEST(TransposedExperts, AreTurnedRound) {
  // Expert e, input i, output o: value 6 e + 3 i + o of [2, 2, 3].
  const Checkpoint checkpoint = SmallModel(counting("down", {2, 2, 3})).open();
  TensorNames read;

  const auto experts = checkpoint.experts(Names{"down.T", "down"}, 2, 3, 2, &read);

  EXPECT_THAT(values_of(experts[0]), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(values_of(experts[1]), ElementsAre(6, 9, 7, 10, 8, 11));
  EXPECT_THAT(read, ElementsAre("down"));
}

TEST(TransposedExperts, ShareOneCopyThatOutlivesTheCall) {
  SafetensorsWriter tensors;  // bfloat16: 1, 2, 3, 4 as [1, 1, 4]
  tensors.add("gate_up", "BF16", {1, 1, 4},
              std::vector<std::uint16_t>{0x3F80, 0x4000, 0x4040, 0x4080});
  const Checkpoint checkpoint = SmallModel(tensors).open();

  const WeightView gate = checkpoint.experts(Names{"gate_up.T[0::2]"}, 1, 2, 1)[0];
  const WeightView up = checkpoint.experts(Names{"gate_up.T[1::2]"}, 1, 2, 1)[0];

  EXPECT_EQ(gate.format, WeightFormat::bf16);
  EXPECT_THAT(values_of(gate), ElementsAre(1, 3));
  EXPECT_THAT(values_of(up), ElementsAre(2, 4));
  EXPECT_EQ(up.data, gate.data + 2);
}

TEST(TransposedExperts, OfManyTilesAreAllThere) {
  const std::int64_t in = 70;
  const std::int64_t out = 45;
  const Checkpoint checkpoint = SmallModel(counting("w", {1, in, out})).open();

  const WeightView w = checkpoint.experts(Names{"w.T"}, 1, out, in)[0];

  for (std::int64_t o = 0; o < out; ++o) {
    for (std::int64_t i = 0; i < in; ++i) {
      ASSERT_EQ(contract::weight_value(w, static_cast<std::size_t>(o), static_cast<std::size_t>(i)),
                static_cast<float>(i * out + o));
    }
  }
}

TEST(TransposedExperts, WantTheTransposedShapeAndFloats) {
  const SmallModel model(counting("down", {2, 2, 3}));
  SafetensorsWriter codes;
  codes.add_zeros("down", "U8", {2, 2, 3}, 1);

  EXPECT_THAT(model.error_of([](const Checkpoint& c) { c.experts(Names{"down.T"}, 2, 2, 3); }),
              HasSubstr("tensor \"down\": found shape [2, 2, 3], expected [2, 3, 2]"));
  EXPECT_THAT(
      SmallModel(codes).error_of([](const Checkpoint& c) { c.experts(Names{"down.T"}, 2, 3, 2); }),
      HasSubstr("found dtype U8"));
}

TEST(ExpertVectors, AreStackedSelectedOrOneEach) {
  SafetensorsWriter tensors = counting("gate_up_bias", {2, 4});
  tensors.add("up_proj.bias", "BF16", {2, 1}, std::vector<std::uint16_t>{0x3F80, 0xC000})
      .add("experts.0.b.bias", "F32", {2}, std::vector<float>{1, 2})
      .add("experts.1.b.bias", "F32", {2}, std::vector<float>{3, 4});
  const Checkpoint checkpoint = SmallModel(tensors).open();
  TensorNames read;

  EXPECT_THAT(checkpoint.expert_vectors(Names{"gate_up_bias[0::2]"}, 2, 2, &read),
              ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(checkpoint.expert_vectors(Names{"gate_up_bias[half:]"}, 2, 2),
              ElementsAre(2, 3, 6, 7));
  EXPECT_THAT(checkpoint.expert_vectors(Names{"x", "up_proj.bias"}, 2, 1, &read),
              ElementsAre(1, -2));
  EXPECT_THAT(checkpoint.expert_vectors(Names{"experts.*.b.bias"}, 2, 2, &read),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read,
              ElementsAre("experts.0.b.bias", "experts.1.b.bias", "gate_up_bias", "up_proj.bias"));
}

TEST(ExpertVectors, MustBeAsManyAsTheExperts) {
  const SmallModel stacked(counting("b", {3, 2}));
  SafetensorsWriter each = counting("b.0", {2});
  each.add_zeros("b.1", "F32", {2}, 4);

  EXPECT_THAT(stacked.error_of([](const Checkpoint& c) { c.expert_vectors(Names{"b"}, 2, 2); }),
              HasSubstr("tensor \"b\": found shape [3, 2], expected [2, 2]"));
  EXPECT_THAT(
      SmallModel(each).error_of([](const Checkpoint& c) { c.expert_vectors(Names{"b.*"}, 1, 2); }),
      HasSubstr("found an expert beyond the last"));
  EXPECT_THAT(
      SmallModel(each).error_of([](const Checkpoint& c) { c.expert_vectors(Names{"b.*"}, 3, 2); }),
      HasSubstr("tensor \"b.2.weight\": found no such tensor"));
}

TEST(Taps, LieInThreeShapes) {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{2, 1, 3}, {2, 3, 1}, {2, 3}}) {
    const Checkpoint checkpoint = SmallModel(counting("conv.weight", shape)).open();
    EXPECT_THAT(checkpoint.taps(Names{"conv"}, 2, 3), ElementsAre(0, 1, 2, 3, 4, 5));
  }
}

TEST(Taps, OfAnotherShapeAreRefused) {
  EXPECT_THAT(SmallModel(counting("conv.weight", {3, 2})).error_of([](const Checkpoint& c) {
    c.taps(Names{"conv"}, 2, 3);
  }),
              HasSubstr("found shape [3, 2], expected [2, 1, 3] or [2, 3, 1] or [2, 3]"));
}

}  // namespace
}  // namespace fidelio
