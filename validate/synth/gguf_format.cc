// llama.cpp's form: block formats for matrices, float32 for norms, biases, routers and
// convolutions. Which matrix gets which format is what llama-quantize makes of Q4_0, Q8_0 and BF16,
// and of gpt-oss what it is published in. Source: llama.cpp (src/llama-quant.cpp,
// convert_hf_to_gguf.py).
#include <fmt/format.h>

#include "core/user_error.h"
#include "validate/synth/stored_model.h"

namespace fidelio::synth {
namespace {

struct Type {
  const char* name;
  Encoding encoding;
};
constexpr Type kF32 = {"F32", Encoding::f32};
constexpr Type kBf16 = {"BF16", Encoding::bf16};
constexpr Type kQ4 = {"Q4_0", Encoding::q4_0_block};
constexpr Type kQ8 = {"Q8_0", Encoding::q8_0_block};
constexpr Type kQ6K = {"Q6_K", Encoding::q6_k_block};
constexpr Type kMxfp4 = {"MXFP4", Encoding::mxfp4_block};

class GgufModel {
 public:
  GgufModel(const Architecture& architecture, int bits, std::vector<StoredTensor>& out)
      : a_(architecture), bits_(bits), out_(out) {}

  void add(const ModelTensor& tensor) {
    const std::string name = tensor_name(a_.model_type, Format::gguf, tensor);
    const Type type = type_of(tensor);
    const Unit unit = unit_of(type.encoding);
    const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
    if (tensor.shape.back() % static_cast<std::int64_t>(row_block(type)) != 0) {
      throw UserError(fmt::format("{}: found {} columns, expected whole blocks of {} ({})", name,
                                  tensor.shape.back(), row_block(type), type.name));
    }
    out_.push_back({name,
                    type.name,
                    tensor.shape,
                    elements * unit.bytes / unit.weights,
                    {type.encoding, spread_of(tensor, a_)},
                    name});
  }

 private:
  /// Weights of a block; floats have none.
  static std::size_t row_block(const Type& type) {
    const bool floats = type.encoding == Encoding::f32 || type.encoding == Encoding::bf16;
    return floats ? 1 : unit_of(type.encoding).weights;
  }

  Type type_of(const ModelTensor& tensor) const {
    if (!is_quantizable(tensor.part) || tensor.part == Part::router) return kF32;
    if (is_experts(tensor.part) && a_.model_type == "gpt_oss") return kMxfp4;
    if (bits_ == 16) return kBf16;
    const bool head = tensor.part == Part::head || (a_.tied && tensor.part == Part::embedding);
    // As llama-quantize does where a row is no multiple of Q6_K's block.
    if (head && bits_ == 4) return tensor.shape.back() % 256 == 0 ? kQ6K : kQ8;
    return bits_ == 4 ? kQ4 : kQ8;
  }

  const Architecture& a_;
  int bits_;
  std::vector<StoredTensor>& out_;
};

}  // namespace

StoredModel gguf_model(const nlohmann::json& config, const FormSettings& settings) {
  const Architecture architecture(config);
  const int bits = settings.bits.value_or(architecture.model_type == "gpt_oss" ? 8 : 4);
  if (bits != 4 && bits != 8 && bits != 16) {
    throw UserError(fmt::format("--bits: found {}, expected 4, 8 or 16 with --format gguf", bits));
  }
  if (settings.group_size) throw UserError("--group-size: found with --format gguf, expected none");
  if (settings.mode) throw UserError("--mode: found with --format gguf, expected none");
  StoredModel model{config, {}};
  GgufModel form(architecture, bits, model.tensors);
  for (const ModelTensor& tensor : model_tensors(architecture)) form.add(tensor);
  return model;
}

}  // namespace fidelio::synth
