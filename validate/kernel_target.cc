#include "validate/kernel_target.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/user_error.h"

namespace fidelio {

KernelTable kernels_named(const std::string& target) {
  try {
    return kernels_for(target);
  } catch (const std::invalid_argument& error) {
    throw UserError(fmt::format("--target: {}", error.what()));
  }
}

}  // namespace fidelio
