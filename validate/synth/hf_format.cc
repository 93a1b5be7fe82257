// Hugging Face's form: bfloat16, a tensor for every expert. gpt-oss is published with MXFP4 experts
// in stacked tensors, gate and up in alternating rows of one; its config says so.
#include <fmt/format.h>

#include "core/user_error.h"
#include "validate/synth/stored_model.h"

namespace fidelio::synth {
namespace {

constexpr std::int64_t kMxfp4Group = 32;

class HfModel {
 public:
  HfModel(const Architecture& architecture, std::vector<StoredTensor>& out)
      : a_(architecture), out_(out) {}

  void add(const ModelTensor& tensor) {
    const std::string name = tensor_name(a_.model_type, Format::hf, tensor);
    if (name.ends_with(".")) return;  // part of another
    const Spread spread = spread_of(tensor, a_);
    if (is_experts(tensor.part) && name.find('*') == std::string::npos) {
      add_stacked(tensor, name, spread);
    } else if (is_experts(tensor.part)) {
      add_each_expert(tensor, name, spread);
    } else if (tensor.part == Part::conv_taps) {
      add_floats(name, {tensor.shape[0], 1, tensor.shape[1]}, spread);
    } else if (tensor.part == Part::expert_bias) {
      out_.push_back(float_tensor(name, tensor.shape, spread, Encoding::f32));
    } else {
      add_floats(name, tensor.shape, spread);
    }
  }

 private:
  void add_floats(const std::string& name, std::vector<std::int64_t> shape, Spread spread) {
    out_.push_back(float_tensor(name, std::move(shape), spread));
  }

  void add_each_expert(const ModelTensor& tensor, const std::string& name, Spread spread) {
    const std::size_t star = name.find('*');
    for (std::int64_t expert = 0; expert < tensor.shape[0]; ++expert) {
      add_floats(std::string(name).replace(star, 1, std::to_string(expert)),
                 {tensor.shape.begin() + 1, tensor.shape.end()}, spread);
    }
  }

  void add_stacked(const ModelTensor& tensor, const std::string& name, Spread spread) {
    std::vector<std::int64_t> shape = tensor.shape;
    const bool gate_and_up =
        tensor.part == Part::experts_gate || tensor.part == Part::experts_gate_bias;
    if (gate_and_up) shape[1] *= 2;
    if (shape.size() == 2) return add_floats(name, shape, spread);
    const std::int64_t groups = shape[2] / kMxfp4Group;
    add_bytes(name + "_blocks", {shape[0], shape[1], groups, kMxfp4Group / 2},
              {Encoding::codes, spread});
    add_bytes(name + "_scales", {shape[0], shape[1], groups}, {Encoding::e8m0_scale, spread});
  }

  void add_bytes(const std::string& name, std::vector<std::int64_t> shape, Content content) {
    const auto bytes = static_cast<std::uint64_t>(element_count(shape));
    out_.push_back({name, "U8", std::move(shape), bytes, content, name});
  }

  const Architecture& a_;
  std::vector<StoredTensor>& out_;
};

}  // namespace

StoredModel hf_model(const nlohmann::json& config, const FormSettings& settings) {
  if (settings.bits.value_or(16) != 16) {
    throw UserError(
        fmt::format("--bits: found {}, expected 16 or nothing with --format hf", *settings.bits));
  }
  if (settings.group_size) throw UserError("--group-size: found with --format hf, expected none");
  if (settings.mode) throw UserError("--mode: found with --format hf, expected none");
  const Architecture architecture(config);
  if (architecture.model_type == "gpt_oss" &&
      (architecture.hidden_size % kMxfp4Group != 0 || architecture.expert_size % kMxfp4Group != 0))
    throw UserError("hidden_size and intermediate_size: expected whole groups of 32 (mxfp4)");
  StoredModel model{config, {}};
  if (architecture.model_type == "gpt_oss") {
    model.config["quantization_config"] = {
        {"modules_to_not_convert",
         {"model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens",
          "lm_head"}},
        {"quant_method", "mxfp4"}};
  }
  HfModel form(architecture, model.tensors);
  for (const ModelTensor& tensor : model_tensors(architecture)) form.add(tensor);
  return model;
}

}  // namespace fidelio::synth
