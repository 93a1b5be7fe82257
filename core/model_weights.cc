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

}  // namespace

ModelWeights::ModelWeights(const Checkpoint& checkpoint, const Graph& graph) {
  for (const Param& param : graph.params()) {
    const Shape& shape = param.shape;
    switch (param.kind) {
      case Param::Kind::constant:
        vectors_[param.name] = param.data;
        break;
      case Param::Kind::vector:
        vectors_[param.name] = checkpoint.vector(param.name, shape[0]);
        break;
      case Param::Kind::expert_vectors:
      case Param::Kind::taps:
        break;
      case Param::Kind::matrix:
        matrices_[param.name] = checkpoint.matrix(param.name, shape[0], shape[1]);
        break;
      case Param::Kind::experts:
        experts_[param.name] = checkpoint.experts(param.sources, shape[0], shape[1], shape[2]);
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
