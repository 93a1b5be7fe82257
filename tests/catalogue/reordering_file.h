// Reads reorderings/*.json and false_reorderings/*.json; the format is docs/catalogues.md.
#pragma once

#include <filesystem>

#include "tests/catalogue/reordering.h"

namespace fidelio::catalogue {

/// Throws UserError, naming the file and the key, for anything unknown, missing or of a wrong type.
/// Files in a folder named false_reorderings must hold a defect, all others must not.
Reordering read_reordering(const std::filesystem::path& file);

}  // namespace fidelio::catalogue
