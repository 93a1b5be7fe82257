// Sizes around the vector widths, for when no model gives others: one less, one more and exactly a
// vector, a block of 16 lanes, a panel; every weight format, group size and type of scale.
#include <algorithm>

#include "validate/op_checks/case_grid.h"

namespace fidelio {
namespace {

constexpr std::size_t kAroundVectors[] = {33, 1,  3,  7,  8,   9,   15,  16,  17,  31,   32,
                                          47, 63, 64, 65, 127, 128, 129, 255, 513, 1025, 2880};

struct Stored {
  WeightFormat format;
  ScaleType scale_type;
  std::uint32_t group_size;
  std::size_t cols;
};

/// Float weights of every length; codes of one, two, five and, for every fourth combination, 35
/// groups or blocks: more than the block of scales that is widened at a time.
std::vector<Stored> stored_forms() {
  constexpr WeightFormat kFloats[] = {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16};
  constexpr ScaleType kScales[] = {ScaleType::bf16, ScaleType::f16, ScaleType::f32};
  constexpr std::size_t kGroups[] = {1, 2, 5, 35};
  std::vector<Stored> forms;
  for (std::size_t i = 0; i < std::size(kAroundVectors); ++i)
    forms.push_back({kFloats[i % 3], ScaleType::f32, 0, kAroundVectors[i]});
  for (const WeightFormat format : kFloats) forms.push_back({format, ScaleType::f32, 0, 43});
  std::size_t n = 0;
  for (std::size_t i = 0; i < 2; ++i)
    forms.push_back({WeightFormat::mxfp4, ScaleType::e8m0, 32, 32 * kGroups[1 + 2 * i]});
  for (const WeightFormat format : kBlockFormats) {
    for (std::size_t i = 0; i < 2; ++i, ++n)
      forms.push_back(
          {format, ScaleType::f32, 0, block_shape(format).elements * kGroups[(n / 2 + 2 * i) % 4]});
  }
  for (const WeightFormat format : kAffineFormats) {
    for (const std::uint32_t group : {32U, 64U, 128U}) {
      for (std::size_t i = 0; i < 2; ++i, ++n) {
        forms.push_back(
            {format, kScales[(n / 2 + i) % 3], group, group * kGroups[(n / 2 + 2 * i) % 4]});
      }
    }
  }
  return forms;
}

std::vector<OpCase> weight_shapes(const OpCase& base, bool experts) {
  constexpr std::size_t kRows[] = {5, 1, 19, 4, 7, 16, 3, 33, 8};
  constexpr std::size_t kExperts[] = {5, 2, 8, 1, 4};
  constexpr std::size_t kTopK[] = {3, 1, 8, 2, 4};
  std::vector<OpCase> shapes;
  for (const Stored& stored : stored_forms()) {
    const std::size_t i = shapes.size();
    OpCase c = base;
    c.rows = kRows[i % std::size(kRows)];
    c.cols = stored.cols;
    c.format = stored.format;
    c.scale_type = stored.scale_type;
    c.group_size = stored.group_size;
    if (experts) {
      c.experts = kExperts[i % std::size(kExperts)];
      c.top_k = std::min(c.experts, kTopK[i / 2 % std::size(kTopK)]);
    }
    shapes.push_back(c);
  }
  return shapes;
}

std::vector<OpCase> choice_shapes(const OpCase& base) {
  std::vector<OpCase> shapes;
  for (const std::size_t n :
       {4UL, 1UL, 2UL, 8UL, 15UL, 16UL, 17UL, 33UL, 60UL, 64UL, 128UL, 129UL, 512UL}) {
    for (const std::size_t k : {2UL, 1UL, 4UL, 8UL, 17UL}) {
      OpCase c = base;
      c.cols = n;
      c.top_k = k;
      shapes.push_back(c);
    }
  }
  return shapes;
}

/// Heads, shared by kv_heads, of head_dim; positions before the step and a window, which turn.
std::vector<OpCase> head_shapes(const OpCase& base) {
  constexpr struct {
    std::size_t heads;
    std::size_t kv_heads;
    std::size_t head_dim;
  } kHeads[] = {{4, 2, 8},  {8, 4, 8}, {6, 2, 32}, {5, 1, 64},  {8, 1, 128}, {2, 2, 6},
                {4, 1, 20}, {1, 1, 2}, {3, 3, 18}, {16, 2, 66}, {7, 1, 16},  {2, 1, 34}};
  constexpr std::size_t kContexts[] = {0, 15, 16, 17, 1, 31, 100, 3};
  constexpr std::size_t kWindows[] = {0, 1, 15, 0, 16, 17, 40};
  std::vector<OpCase> shapes;
  for (std::size_t i = 0; i < 3 * std::size(kHeads); ++i) {
    const auto& heads = kHeads[i % std::size(kHeads)];
    OpCase c = base;
    c.heads = heads.heads;
    c.kv_heads = heads.kv_heads;
    c.cols = heads.head_dim;
    c.context = kContexts[i % std::size(kContexts)];
    c.window = kWindows[i % std::size(kWindows)];
    shapes.push_back(c);
  }
  return shapes;
}

}  // namespace

std::vector<OpCase> built_in_shapes(const OpEntry& entry) {
  OpCase base;
  base.op = entry.name;
  std::vector<OpCase> shapes;
  switch (entry.form) {
    case OpForm::dense:
    case OpForm::experts:
      return weight_shapes(base, entry.form == OpForm::experts);
    case OpForm::choice:
      return choice_shapes(base);
    case OpForm::heads:
    case OpForm::cache:
      return head_shapes(base);
    case OpForm::rows:
    case OpForm::slots:
      break;
  }
  for (const std::size_t cols : kAroundVectors) {
    OpCase c = base;
    c.cols = cols;
    if (entry.form == OpForm::slots) c.top_k = 1 + shapes.size() * 3 % 9;
    shapes.push_back(c);
  }
  return shapes;
}

}  // namespace fidelio
