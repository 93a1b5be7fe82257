#include "core/tensor_file.h"

#include <utility>

namespace fidelio {

TensorFile::TensorFile(MappedFile file, std::vector<TensorInfo> tensors)
    : file_(std::move(file)), tensors_(std::move(tensors)) {
  for (const TensorInfo& tensor : tensors_) by_name_.emplace(tensor.name, &tensor);
}

const TensorInfo* TensorFile::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

}  // namespace fidelio
