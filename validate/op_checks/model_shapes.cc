// The shapes of a model: every node of its graph, unfused and with every patch, is a case of its
// kernel, with the model's own weights. Of a long weight some rows are taken, of many experts some.
#include <fmt/format.h>

#include <algorithm>

#include "core/quote.h"
#include "patches/catalogue.h"
#include "patches/driver.h"
#include "validate/op_checks/case_grid.h"

namespace fidelio {
namespace {

constexpr std::size_t kSampledRows = 19;  // whole panels of four and a rest
constexpr std::size_t kSampledExperts = 8;
constexpr std::size_t kContext = 37;

std::size_t size_of(const Node& node, std::string_view attribute) {
  return node.has(attribute) ? static_cast<std::size_t>(node.integer(attribute)) : 0;
}

/// Elements of a token's row of a value, and its last dimension.
std::size_t width_of(const Graph& graph, ValueId id) {
  std::size_t width = 1;
  for (const Dim dim : graph.value(id).shape) width *= dim > 0 ? static_cast<std::size_t>(dim) : 1;
  return width;
}
std::size_t last_dim(const Graph& graph, ValueId id) {
  return static_cast<std::size_t>(std::max<Dim>(graph.value(id).shape.back(), 1));
}

void take_weight(OpCase& c, const WeightView& w, const std::string& model,
                 const std::string& param) {
  c.model = model;
  c.param = param;
  c.format = w.format;
  c.scale_type = w.scale_type;
  c.group_size = w.group_size;
  c.cols = w.cols;
  c.rows = std::min(w.rows, kSampledRows);
}

void take_experts(OpCase& c, const Node& node, const LoadedModel& model, const Graph& graph) {
  const std::string name = graph.param(node.params[0]).name;
  const std::vector<WeightView>& experts = model.weights.experts(name);
  take_weight(c, experts.front(), model.id, name);
  if (info(node.op).params.size() > 1) c.second_param = graph.param(node.params[1]).name;
  c.top_k = last_dim(graph, node.inputs[1]);
  c.experts = std::min(experts.size(), std::max(kSampledExperts, c.top_k));
}

void take_heads(OpCase& c, const Node& node, const Graph& graph) {
  c.context = kContext;
  c.heads = size_of(node, node.op == Op::rope ? "heads" : "num_attention_heads");
  c.cols = width_of(graph, node.inputs[0]) / std::max<std::size_t>(c.heads, 1);
  if (node.op == Op::attention) {
    c.kv_heads = size_of(node, "num_key_value_heads");
    c.window = size_of(node, "sliding_window");
  }
}

void take_channels(OpCase& c, const Node& node, const Graph& graph) {
  c.context = kContext;
  c.cols = width_of(graph, node.inputs[0]);
  c.window = static_cast<std::size_t>(graph.param(node.params[0]).shape[1]);
}

/// A case at M = 1 of the kernel that runs `node`.
OpCase case_of(const Node& node, const Graph& graph, const LoadedModel& model) {
  OpCase c;
  c.op = info(node.op).name;
  switch (form_of(c.op)) {
    case OpForm::dense: {
      const std::string name = graph.param(node.params[0]).name;
      take_weight(c, model.weights.matrix(name), model.id, name);
      break;
    }
    case OpForm::experts:
      take_experts(c, node, model, graph);
      break;
    case OpForm::heads:
      take_heads(c, node, graph);
      break;
    case OpForm::cache:
      if (node.op == Op::attention) take_heads(c, node, graph);
      if (node.op == Op::short_conv) take_channels(c, node, graph);
      break;
    case OpForm::choice:
      c.cols = last_dim(graph, node.inputs[0]);
      c.top_k = last_dim(graph, node.outputs[0]);
      break;
    case OpForm::slots:
      c.top_k = last_dim(graph, node.inputs[1]);
      c.cols = last_dim(graph, node.outputs[0]);
      break;
    case OpForm::rows: {
      const std::size_t groups = std::max<std::size_t>(size_of(node, "groups"), 1);
      const bool norm = node.op == Op::rms_norm || node.op == Op::softmax ||
                        node.op == Op::normalize || node.op == Op::add_rms_norm ||
                        node.op == Op::add_bias;
      c.cols = norm ? last_dim(graph, node.inputs[0]) / groups : width_of(graph, node.outputs[0]);
    }
  }
  return c;
}

/// kv_append has no sizes of its own in a graph: those of the model's attention.
void append_shapes(const std::vector<OpCase>& attention, std::vector<OpCase>& shapes) {
  for (OpCase c : attention) {
    c.op = "kv_append";
    c.heads = c.kv_heads;
    c.window = 0;
    shapes.push_back(c);
  }
}

/// The same but for the place of the weights, whose first rows stand for all of that shape.
bool same_shape(OpCase a, const OpCase& b) {
  a.param = b.param;
  a.second_param = b.second_param;
  return a == b;
}

}  // namespace

std::vector<OpCase> model_shapes(const OpEntry& entry, const LoadedModel& model) {
  Graph patched = model.graph;
  PatchEnv env;
  apply_all(all_patches(), patched, env);
  const bool appends = entry.name == "kv_append";
  std::vector<OpCase> shapes;
  for (const Graph* graph : {&model.graph, static_cast<const Graph*>(&patched)}) {
    for (const Node& node : graph->nodes()) {
      if (info(node.op).name != (appends ? "attention" : entry.name)) continue;
      const OpCase c = case_of(node, *graph, model);
      const auto same = [&](const OpCase& other) { return same_shape(c, other); };
      if (std::none_of(shapes.begin(), shapes.end(), same)) shapes.push_back(c);
    }
  }
  if (!appends) return shapes;
  std::vector<OpCase> own;
  append_shapes(shapes, own);
  return own;
}

std::string complaint_about(const OpCase& c, const LoadedModel& model) {
  const bool stacks = form_of(c.op) == OpForm::experts;
  if (c.model != model.id)
    return fmt::format("the case is of {}, the model is {}", quote(c.model), model.id);
  std::vector<std::string> names = {c.param};
  if (c.op == "gate_up_swiglu") names.push_back(c.second_param);
  for (const std::string& name : names) {
    const std::optional<ParamId> id = model.graph.find_param(name);
    const ParamKind wanted = stacks ? ParamKind::experts : ParamKind::matrix;
    if (!id || model.graph.param(*id).kind != wanted)
      return fmt::format("{} has no such weight: {}", model.id, quote(name));
    if (stacks && c.experts > model.weights.experts(name).size())
      return fmt::format("found experts {}, {} has {}", c.experts, quote(name),
                         model.weights.experts(name).size());
    const WeightView& w = stacks ? model.weights.experts(name).front() : model.weights.matrix(name);
    if (c.cols != w.cols || c.first_row > w.rows || c.rows > w.rows - c.first_row)
      return fmt::format("found rows {} to {} of {} columns, {} is [{}, {}]", c.first_row,
                         c.first_row + c.rows, c.cols, quote(name), w.rows, w.cols);
  }
  return "";
}

}  // namespace fidelio
