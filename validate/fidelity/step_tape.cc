#include "validate/fidelity/step_tape.h"

namespace fidelio {

void StepTape::after(const PlanNode& node, const StepMemory& memory) {
  cache_ = memory.cache;
  const Node& source = graph_.node(node.source);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const PlanValue& output = node.outputs[i];
    if (output.width == 0) continue;
    const auto* begin = reinterpret_cast<const std::uint32_t*>(memory.floats(output));
    values_[static_cast<std::size_t>(source.outputs[i])].assign(
        begin, begin + memory.rows(output) * output.width);
  }
}

std::span<const float> StepTape::floats(ValueId value) const {
  return {reinterpret_cast<const float*>(at(value).data()), at(value).size()};
}

std::span<const std::int32_t> StepTape::expert_ids(ValueId value) const {
  return {reinterpret_cast<const std::int32_t*>(at(value).data()), at(value).size()};
}

std::size_t StepTape::width(ValueId value) const {
  std::size_t width = 1;
  const Shape& shape = graph_.value(value).shape;
  for (std::size_t d = 1; d < shape.size(); ++d) width *= static_cast<std::size_t>(shape[d]);
  return width;
}

}  // namespace fidelio
