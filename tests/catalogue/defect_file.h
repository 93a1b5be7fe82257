// Reads defects/*.json: one file a fault, the op it is planted in, the models and the triggers.
// Running them is defect_run.h; the format is docs/catalogues.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/catalogue/planted_fault.h"

namespace fidelio::catalogue {

struct DefectFile {
  std::string name;     ///< of the file, without .json
  std::string summary;  ///< one line for people
  Fault fault;
  std::string patch;                ///< whose fused kernel is bad; empty: a plain op
  std::vector<std::string> models;  ///< folders under tests/data/oracles
  std::vector<Trigger> triggers;
};

/// Throws UserError, naming the file and the key, for anything unknown, missing or of a wrong type.
DefectFile read_defect(const std::filesystem::path& file);

/// Every *.json of a folder, by name.
std::vector<std::filesystem::path> json_files(const std::filesystem::path& folder);

}  // namespace fidelio::catalogue
