// The result of an op-level check as text and as JSON. Nothing is judged here.
#pragma once

#include <string>

#include "validate/op_checks/check_ops.h"

namespace fidelio {

/// A table with one line an op, then the first failures of each.
std::string ops_table(const OpCheckResult& result);
/// For machines; non-finite numbers are strings.
std::string ops_json(const OpCheckResult& result, const std::string& target, std::uint64_t seed,
                     const std::string& case_file, int exit_code);

}  // namespace fidelio
