// Threads that run the same node write the same notes, and barriers part nodes that depend on each
// other, so relaxed atomics are enough.
#include "tests/catalogue/step_notes.h"

#include <atomic>
#include <cstdlib>
#include <map>

namespace fidelio::catalogue {
namespace {

struct Notes {
  std::atomic<std::int64_t> position{0};
  std::atomic<std::size_t> width{0};
  std::atomic<int> layer{-1};
  std::map<const void*, std::string> parameters;
  LinearFn linear = nullptr;
  RopeFn rope = nullptr;
  ShortConvFn short_conv = nullptr;
};

Notes& notes() {
  static Notes the_notes;
  return the_notes;
}

void noting_linear(const LinearArgs& args, Share share) {
  notes().layer.store(layer_of(parameter_at(args.w.data)), std::memory_order_relaxed);
  notes().linear(args, share);
}

void noting_rope(const RopeArgs& args, Share share) {
  notes().position.store(args.positions[0], std::memory_order_relaxed);
  notes().width.store(args.n_tokens, std::memory_order_relaxed);
  notes().rope(args, share);
}

void noting_short_conv(const ShortConvArgs& args, Share share) {
  notes().position.store(args.positions[0], std::memory_order_relaxed);
  notes().width.store(args.n_tokens, std::memory_order_relaxed);
  notes().short_conv(args, share);
}

}  // namespace

KernelTable with_notes(KernelTable table) {
  notes().linear = table.linear;
  notes().rope = table.rope;
  notes().short_conv = table.short_conv;
  table.linear = noting_linear;
  table.rope = noting_rope;
  table.short_conv = noting_short_conv;
  return table;
}

void watch_model(const LoadedModel& model) {
  std::map<const void*, std::string>& parameters = notes().parameters;
  parameters.clear();
  for (const Param& param : model.graph.params()) {
    if (param.kind == Param::Kind::matrix)
      parameters[model.weights.matrix(param.name).data] = param.name;
    if (param.kind == Param::Kind::vector || param.kind == Param::Kind::taps)
      parameters[model.weights.vector(param.name).data()] = param.name;
    if (param.kind == Param::Kind::experts)
      parameters[model.weights.experts(param.name).data()] = param.name;
  }
}

std::int64_t noted_position() { return notes().position.load(std::memory_order_relaxed); }

std::size_t noted_width() { return notes().width.load(std::memory_order_relaxed); }

int noted_layer() { return notes().layer.load(std::memory_order_relaxed); }

std::string parameter_at(const void* data) {
  const auto found = notes().parameters.find(data);
  return found == notes().parameters.end() ? "" : found->second;
}

int layer_of(const std::string& parameter) {
  constexpr std::string_view kLayers = "model.layers.";
  if (parameter.compare(0, kLayers.size(), kLayers) != 0) return -1;
  return std::atoi(parameter.c_str() + kLayers.size());
}

}  // namespace fidelio::catalogue
