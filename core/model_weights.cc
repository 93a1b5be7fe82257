#include "core/model_weights.h"

#include "core/check.h"

namespace fidelio {
namespace {

template <class T>
const T& at(const std::map<std::string, T>& map, const std::string& name) {
  const auto found = map.find(name);
  FIDELIO_CHECK(found != map.end());
  return found->second;
}

/// [channels, taps] as [taps, channels], which the kernels read channels in lanes.
std::vector<float> tap_first(const std::vector<float>& kernels, std::int64_t n_channels) {
  const auto channels = static_cast<std::size_t>(n_channels);
  const std::size_t taps = kernels.size() / channels;
  std::vector<float> transposed(kernels.size());
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t t = 0; t < taps; ++t) transposed[t * channels + c] = kernels[c * taps + t];
  return transposed;
}

}  // namespace

ModelWeights::ModelWeights(const Checkpoint& checkpoint, const Graph& graph) {
  for (const Param& param : graph.params()) {
    const Shape& shape = param.shape;
    switch (param.kind) {
      case Param::Kind::constant:
        vectors_[param.name] = param.data;
        break;
      case Param::Kind::vector:
        vectors_[param.name] = checkpoint.vector(param.sources, shape[0], &tensors_read_);
        break;
      case Param::Kind::matrix:
        matrices_[param.name] =
            checkpoint.matrix(param.sources, shape[0], shape[1], &tensors_read_);
        break;
      case Param::Kind::experts:
        experts_[param.name] =
            checkpoint.experts(param.sources, shape[0], shape[1], shape[2], &tensors_read_);
        break;
      case Param::Kind::expert_vectors:
        vectors_[param.name] =
            checkpoint.expert_vectors(param.sources, shape[0], shape[1], &tensors_read_);
        break;
      case Param::Kind::taps:
        vectors_[param.name] =
            tap_first(checkpoint.taps(param.sources, shape[0], shape[1], &tensors_read_), shape[0]);
        break;
    }
  }
}

const WeightView& ModelWeights::matrix(const std::string& name) const {
  return at(matrices_, name);
}

const std::vector<float>& ModelWeights::vector(const std::string& name) const {
  return at(vectors_, name);
}

const std::vector<WeightView>& ModelWeights::experts(const std::string& name) const {
  return at(experts_, name);
}

}  // namespace fidelio
