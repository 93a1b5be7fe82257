// A case as JSON: what `validate ops` leaves behind for a failing one and runs again alone.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "validate/op_checks/run_case.h"

namespace fidelio {

/// Every field of the case, and for the reader of the file what was found.
std::string case_json(const OpFailure& failure);

/// The inverse, for a file that somebody may have edited. Throws UserError beginning with `where`
/// for text that is not JSON, a field that is missing, unknown or of another type, and sizes that
/// the op cannot have.
OpCase parse_case(const std::string& text, const std::string& where);
OpCase read_case(const std::filesystem::path& path);

/// "fidelio-ops-linear-17.json"
std::filesystem::path default_case_path(const OpCase& c);

}  // namespace fidelio
