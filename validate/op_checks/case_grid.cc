#include "validate/op_checks/case_grid.h"

#include <algorithm>
#include <utility>

#include "validate/op_checks/random_data.h"

namespace fidelio {
namespace {

/// Products of a case with more than two tokens, and of all cases of an op: truth and the scalar
/// reference do some 3 * 10^7 a second.
constexpr std::size_t kCaseWork = 1'000'000;
constexpr std::size_t kLargestCaseWork = 8'000'000;  ///< where a model or an option gives the shape
constexpr std::size_t kOpWork = 200'000'000;
/// More tokens than the kernels keep in one block.
constexpr std::size_t kManyTokens = 97;

/// The shapes that meet every step width and every kind of data in every alignment: the first, one
/// in the middle, the last, so that floats and affine codes, short and long rows are among them.
bool is_swept(std::size_t shape, std::size_t n_shapes) {
  return shape == 0 || shape == n_shapes / 2 || shape + 1 == n_shapes;
}

/// Step widths of shape `i`: all of them, or 1, 2 and four that move.
std::vector<std::size_t> widths_of(std::size_t i, std::size_t n_shapes, const OpGrid& grid) {
  if (!grid.tokens.empty()) return grid.tokens;
  std::vector<std::size_t> widths;
  if (is_swept(i, n_shapes)) {
    for (std::size_t m = 1; m <= kWidestStep; ++m) widths.push_back(m);
    widths.push_back(kManyTokens);
    return widths;
  }
  widths = {1, 2};
  for (std::size_t j = 0; j < 4; ++j) widths.push_back(3 + (5 * i + 11 * j) % (kWidestStep - 2));
  return widths;
}

std::vector<OpCase> shapes_of(const OpEntry& entry, const OpGrid& grid) {
  const bool has_heads = entry.form == OpForm::heads || entry.form == OpForm::cache;
  if (grid.cols != 0 && has_heads && grid.ops.empty()) return {};  // a weight's shape is not theirs
  std::vector<OpCase> shapes =
      grid.model != nullptr ? model_shapes(entry, *grid.model) : built_in_shapes(entry);
  const bool takes_rows = entry.form == OpForm::dense || entry.form == OpForm::experts;
  for (OpCase& shape : shapes) {
    if (grid.cols != 0) {
      shape.cols = grid.cols;
      (takes_rows ? shape.rows : shape.heads) = grid.rows;
      if (entry.form == OpForm::cache && grid.rows % shape.kv_heads != 0) shape.kv_heads = 1;
    }
    if (grid.experts != 0)
      (entry.form == OpForm::choice ? shape.cols : shape.experts) = grid.experts;
    if (grid.top_k != 0) shape.top_k = grid.top_k;
  }
  // Shapes that were told apart only by what the options replaced.
  std::vector<OpCase> distinct;
  for (const OpCase& shape : shapes) {
    if (complaint_about(shape).empty() &&
        std::find(distinct.begin(), distinct.end(), shape) == distinct.end())
      distinct.push_back(shape);
  }
  return distinct;
}

/// Makes the cases of one op; `counter_` turns everything that is not swept in full.
class Cases {
 public:
  Cases(const OpEntry& entry, const OpGrid& grid) : entry_(entry), grid_(grid) {
    for (const char letter : entry.name)
      name_hash_ = name_hash_ * 31 + static_cast<unsigned char>(letter);
  }

  void add(OpCase c, DataKind data, bool misaligned) {
    c.data = data;
    c.misaligned = misaligned;
    const std::size_t threads[] = {1, std::min<std::size_t>(2, grid_.threads), grid_.threads};
    c.threads = threads[counter_ % 3];
    c.variant = static_cast<int>(counter_ / 2 % static_cast<std::size_t>(entry_.n_variants));
    if (!c.second_param.empty()) c.variant = 0;  // the model says what its second stack is
    c.seed = Random(grid_.seed + (name_hash_ << 32) + counter_).next() >> 32;
    ++counter_;
    if (complaint_about(c).empty()) cases.push_back(c);
  }

  /// Normal data and one kind that turns, once aligned and once not.
  void add_turning(const OpCase& c) {
    const bool odd = turn_ % 2 == 1;
    add(c, DataKind::normal, odd);
    add(c, kAllDataKinds[1 + turn_++ % 7], !odd);
  }

  void add_every_kind(const OpCase& c) {
    for (const DataKind kind : kAllDataKinds) {
      add(c, kind, false);
      add(c, kind, true);
    }
  }

  std::vector<OpCase> cases;

 private:
  const OpEntry& entry_;
  const OpGrid& grid_;
  std::uint64_t name_hash_ = 0;
  std::size_t counter_ = 0;
  std::size_t turn_ = 0;
};

/// Every so manieth case, when all of them would take too long. The step is odd: what alternates
/// from case to case keeps alternating.
void thin(std::vector<OpCase>& cases) {
  std::size_t work = 0;
  for (const OpCase& c : cases) work += work_of(c);
  const std::size_t step = (work / kOpWork) | 1;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < cases.size(); i += step) std::swap(cases[kept++], cases[i]);
  cases.resize(kept);
}

}  // namespace

std::vector<OpCase> cases_of(const OpEntry& entry, const OpGrid& grid) {
  const bool given = grid.cols != 0 || grid.experts != 0 || grid.model != nullptr;
  const std::size_t most_work = given ? kLargestCaseWork : kCaseWork;
  const std::vector<OpCase> shapes = shapes_of(entry, grid);
  Cases cases(entry, grid);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    for (const std::size_t width : widths_of(i, shapes.size(), grid)) {
      OpCase c = shapes[i];
      c.n_tokens = width;
      if (width > 2 && grid.tokens.empty() && work_of(c) > most_work) continue;
      cases.add_turning(c);
      if (width <= 3 && is_swept(i, shapes.size())) cases.add_every_kind(c);
    }
  }
  thin(cases.cases);
  return std::move(cases.cases);
}

}  // namespace fidelio
