#include "validate/memory_need.h"

#include <fmt/format.h>

#include "core/scratch_layout.h"
#include "core/user_error.h"

namespace fidelio {
namespace {

/// Program, libraries, kernels' workspaces, the record: measured with small models.
constexpr std::uint64_t kProgramBytes = 64'000'000;

double gigabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e9; }

/// Elements of one row of a value.
std::uint64_t width_of(const Value& value) {
  std::uint64_t width = 1;
  for (std::size_t d = 1; d < value.shape.size(); ++d)
    width *= static_cast<std::uint64_t>(value.shape[d]);
  return width;
}

/// 4-byte elements that a graph's values have, a token and a wanted row.
struct Elements {
  std::uint64_t token = 0;
  std::uint64_t wanted_row = 0;
  std::uint64_t cached = 0;  ///< keys and values of a position
};

/// What a node remembers of a position while everything is kept, as an examination asks.
std::uint64_t cached_by(const Graph& graph, const Node& node) {
  if (node.op == Op::short_conv) return width_of(graph.value(node.inputs[0]));
  std::uint64_t elements = 0;
  if (node.op != Op::kv_append) return elements;
  for (const ValueId input : node.inputs) elements += width_of(graph.value(input));
  return elements;
}

Elements elements_of(const Graph& graph) {
  Elements elements;
  bool wanted_rows = false;
  for (const Node& node : graph.nodes()) {
    wanted_rows = wanted_rows || node.op == Op::wanted_rows;  // everything behind it is the head
    elements.cached += cached_by(graph, node);
    if (node.op == Op::kv_append) continue;
    for (const ValueId output : node.outputs)
      (wanted_rows ? elements.wanted_row : elements.token) += width_of(graph.value(output));
  }
  return elements;
}

}  // namespace

std::string MemoryNeed::text() const {
  std::string parts;
  const auto add = [&](std::uint64_t bytes, const char* what) {
    if (bytes == 0) return;
    parts += fmt::format("{}{:.2f} GB {}", parts.empty() ? "" : " + ", gigabytes(bytes), what);
  };
  add(weights, "of weights");
  add(caches, "of caches");
  add(scratch, "of scratch");
  add(examination, "to compare sites and evaluate references");
  return parts;
}

MemoryNeed memory_need(std::uint64_t weights_bytes, const Graph& graph, const MemoryUse& use) {
  const Elements elements = elements_of(graph);
  const ScratchLayout layout = lay_out(graph);
  constexpr std::uint64_t kFloat = sizeof(float);
  MemoryNeed need;
  need.weights = weights_bytes;
  const std::uint64_t positions = (use.capacity + 15) / 16 * 16;  // caches grow by blocks of 16
  need.caches = use.arms * positions * elements.cached * kFloat;
  need.scratch = kProgramBytes +
                 use.arms * kFloat *
                     (use.widest_step * layout.per_token + use.wanted_rows * layout.per_wanted_row);
  if (!use.examines) return need;
  // Every value of a step of the baseline, for the patched arm to be compared with.
  need.examination =
      kFloat * (use.watched_step * elements.token + use.wanted_rows * elements.wanted_row);
  // The rows' values in float64 while they are read, an op's operands beside its results, and the
  // rows' logits of both arms and both evaluations.
  need.examination += use.reference_rows * (2 * sizeof(double) * layout.per_token +
                                            4 * sizeof(double) * elements.wanted_row);
  return need;
}

void require_memory(const std::string& model, const MemoryNeed& need,
                    std::optional<std::uint64_t> available) {
  if (!available || need.total() <= *available) return;
  throw UserError(fmt::format(
      "{}: found {:.2f} GB of memory available, expected {:.2f} GB: {}; --allow-swap runs it from "
      "the disk, at the disk's speed",
      model, gigabytes(*available), gigabytes(need.total()), need.text()));
}

}  // namespace fidelio
