// A graph's parameters, found in the checkpoint once, before anything runs. Both arms share one
// ModelWeights: patches rewrite nodes, never parameters.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/checkpoint.h"
#include "core/graph.h"
#include "kernels/weights.h"

namespace fidelio {

class ModelWeights {
 public:
  /// Resolves every parameter of `graph`. Throws UserError for a missing tensor, a wrong shape or
  /// dtype. The checkpoint must outlive this object.
  ModelWeights(const Checkpoint& checkpoint, const Graph& graph);

  /// By the parameter's name in the graph; asking for one the graph did not have is a programmer
  /// error.
  const WeightView& matrix(const std::string& name) const;
  /// Vectors, constants, expert_vectors [experts, n], and taps with the tap first, [taps,
  /// channels].
  const std::vector<float>& vector(const std::string& name) const;
  const std::vector<WeightView>& experts(const std::string& name) const;

  /// The checkpoint's tensors that the parameters were read from.
  const TensorNames& tensors_read() const { return tensors_read_; }

 private:
  std::map<std::string, WeightView> matrices_;
  std::map<std::string, std::vector<float>> vectors_;
  std::map<std::string, std::vector<WeightView>> experts_;
  TensorNames tensors_read_;
};

}  // namespace fidelio
