#include "validate/synth/stored_model.h"

#include "core/check.h"

namespace fidelio::synth {

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t dimension : shape) n *= dimension;
  return n;
}

StoredTensor float_tensor(const std::string& name, std::vector<std::int64_t> shape, Spread spread,
                          Encoding encoding) {
  FIDELIO_CHECK(encoding == Encoding::bf16 || encoding == Encoding::f32);
  const bool wide = encoding == Encoding::f32;
  const auto bytes = static_cast<std::uint64_t>(element_count(shape)) * (wide ? 4 : 2);
  return {name, wide ? "F32" : "BF16", std::move(shape), bytes, {encoding, spread}, name};
}

std::uint64_t StoredModel::bytes() const {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : tensors) total += tensor.bytes;
  return total;
}

StoredModel stored_model(const nlohmann::json& config, const FormSettings& settings) {
  switch (settings.format) {
    case Format::hf:
      return hf_model(config, settings);
    case Format::mlx:
      return mlx_model(config, settings);
    case Format::gguf:
      return gguf_model(config, settings);
  }
  check_failed("a format without a form", __FILE__, __LINE__);
}

}  // namespace fidelio::synth
