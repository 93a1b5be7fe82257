#include "tests/catalogue/route_spy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/prefill_chunks.h"
#include "tests/catalogue/step_notes.h"

namespace fidelio::catalogue {
namespace {

struct ArmNotes {
  KernelTable good;
  std::int64_t layer = 0;        ///< routers of this step so far
  std::vector<float> softmaxed;  ///< the last softmax's input
  std::map<ChoiceAt, Choice> seen;
};

template <SpiedArm kArm>
ArmNotes& notes() {
  static ArmNotes the_notes;
  return the_notes;
}

template <SpiedArm kArm>
void note(const float* logits, const std::int32_t* ids, std::size_t n_tokens, std::size_t n_experts,
          std::size_t top_k) {
  ArmNotes& n = notes<kArm>();
  for (std::size_t t = 0; t < n_tokens; ++t) {
    const ChoiceAt at{n_tokens, noted_position() + static_cast<std::int64_t>(t), n.layer};
    n.seen[at] = {{logits + t * n_experts, logits + (t + 1) * n_experts},
                  {ids + t * top_k, ids + (t + 1) * top_k}};
  }
  ++n.layer;
}

template <SpiedArm kArm>
void spying_embedding(const EmbeddingArgs& args, Share share) {
  notes<kArm>().layer = 0;
  notes<kArm>().good.embedding(args, share);
}

template <SpiedArm kArm>
void spying_softmax(const RowsArgs& args, Share share) {
  notes<kArm>().softmaxed.assign(args.x, args.x + args.n_rows * args.size);
  notes<kArm>().good.softmax(args, share);
}

template <SpiedArm kArm>
void spying_top_k(const TopKArgs& args, Share share) {
  ArmNotes& n = notes<kArm>();
  n.good.top_k(args, share);
  // Where a softmax over all experts came first, the logits are its input.
  const bool softmax_first = n.softmaxed.size() == args.n_rows * args.size;
  note<kArm>(softmax_first ? n.softmaxed.data() : args.x, args.ids, args.n_rows, args.size, args.k);
  n.softmaxed.clear();
}

template <SpiedArm kArm>
void spying_router(const RouterTopkArgs& args, Share share) {
  notes<kArm>().good.router_topk(args, share);
  note<kArm>(args.logits, args.ids, args.n_tokens, args.n_experts, args.top_k);
}

template <SpiedArm kArm>
KernelTable spied(KernelTable table) {
  notes<kArm>().good = table;
  table.embedding = spying_embedding<kArm>;
  table.softmax = spying_softmax<kArm>;
  table.top_k = spying_top_k<kArm>;
  table.router_topk = spying_router<kArm>;
  return table;
}

/// How far apart the exchanged experts are in the baseline's logits.
double gap_of(const Choice& baseline, const Choice& patched) {
  double left_out = -std::numeric_limits<double>::infinity();
  double taken = std::numeric_limits<double>::infinity();
  for (const std::int32_t e : baseline.experts)
    if (patched.experts.count(e) == 0)
      left_out = std::max<double>(left_out, baseline.logits[static_cast<std::size_t>(e)]);
  for (const std::int32_t e : patched.experts)
    if (baseline.experts.count(e) == 0)
      taken = std::min<double>(taken, baseline.logits[static_cast<std::size_t>(e)]);
  return left_out - taken;
}

double squared_difference(const Choice& a, const Choice& b) {
  double sum = 0;
  for (std::size_t e = 0; e < a.logits.size(); ++e) {
    const double d = static_cast<double>(a.logits[e]) - static_cast<double>(b.logits[e]);
    sum += d * d;
  }
  return sum / static_cast<double>(a.logits.size());
}

}  // namespace

KernelTable with_spy(KernelTable table, SpiedArm arm) {
  return arm == SpiedArm::baseline ? spied<SpiedArm::baseline>(std::move(table))
                                   : spied<SpiedArm::patched>(std::move(table));
}

void forget_choices() {
  notes<SpiedArm::baseline>().seen.clear();
  notes<SpiedArm::patched>().seen.clear();
}

const std::map<ChoiceAt, Choice>& choices(SpiedArm arm) {
  return arm == SpiedArm::baseline ? notes<SpiedArm::baseline>().seen
                                   : notes<SpiedArm::patched>().seen;
}

FlipCount count_flips() {
  // By position, then layer: the order in which one choice can disturb another. Steps of one token
  // and prefill together make the free run; narrow wide steps repeat it.
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<const Choice*, const Choice*>> rows;
  for (const auto& [at, baseline] : choices(SpiedArm::baseline)) {
    const auto& [n_tokens, position, layer] = at;
    const auto patched = choices(SpiedArm::patched).find(at);
    const bool free_run = n_tokens == 1 || n_tokens > static_cast<std::int64_t>(kGuardTokens);
    if (free_run && patched != choices(SpiedArm::patched).end())
      rows[{position, layer}] = {&baseline, &patched->second};
  }
  FlipCount out;
  double squares = 0;
  std::int64_t differing = 0;
  for (const auto& [at, row] : rows) {
    const auto& [baseline, patched] = row;
    ++out.rows;
    const double square = squared_difference(*baseline, *patched);
    // Rows of steps that no patch admits are equal and say nothing about rounding.
    if (out.flips == 0 && square > 0) {
      squares += square;
      ++differing;
    }
    if (baseline->experts == patched->experts) continue;
    if (out.flips++ > 0) continue;
    out.first_gap = gap_of(*baseline, *patched);
    if (differing > 0) out.rms_before = std::sqrt(squares / static_cast<double>(differing));
  }
  return out;
}

}  // namespace fidelio::catalogue
