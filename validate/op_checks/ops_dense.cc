// embedding and linear: how their cases are made and what truth says of them.
#include <cmath>

#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {

void make_embedding(OpProblem& p) {
  const OpCase& c = p.c;
  std::vector<std::int32_t> ids(c.n_tokens);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(p.random().below(c.rows));
  const EmbeddingArgs args{p.weight("w", p.kind_of(0, 1)), p.integers("ids", ids),
                           p.output("y", c.n_tokens * c.cols), c.n_tokens};
  p.call = call_of(&KernelTable::embedding, args);
  p.truth = [args](const ReferenceOutputs&) {
    Expected y{truth_embedding<double>(args.w, {args.ids, args.n_tokens}).x, {}};
    const double k = is_exact(args.w.format) ? 0 : 1;
    for (const double v : y.value) y.bound.push_back(sum_bound(v, std::abs(v), k));
    return std::vector<Expected>{y};
  };
}

void make_linear(OpProblem& p) {
  const OpCase& c = p.c;
  const LinearArgs args{p.weight("w", p.kind_of(0, 2)),
                        p.input("x", c.n_tokens * c.cols, p.kind_of(1, 2)),
                        p.output("y", c.n_tokens * c.rows), c.n_tokens};
  p.call = call_of(&KernelTable::linear, args);
  p.truth = [args](const ReferenceOutputs&) {
    const DotTruth dots = dense_dots(args.w, truth_of(args.x, args.n_tokens, args.w.cols));
    Expected y{dots.value.x, {}};
    for (std::size_t i = 0; i < y.value.size(); ++i) y.bound.push_back(dots.bound(i, args.w.cols));
    return std::vector<Expected>{y};
  };
}

}  // namespace fidelio
