// fidelity_catalogue: runs the catalogues and prints their table; exit 1 when something in them is
// missed. How to add to them: docs/catalogues.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "core/user_error.h"
#include "tests/catalogue/defect_table.h"
#include "tests/support/oracles.h"

namespace fidelio::catalogue {
namespace {

using Path = std::filesystem::path;
const Path kCatalogue = Path(FIDELIO_SOURCE_DIR) / "tests/catalogue";

bool run_defects(const std::vector<Path>& files, const DefectLength& length) {
  std::vector<DefectOutcome> all;
  fmt::print("{}\n", defect_header());
  for (const Path& file : files) {
    for (DefectOutcome& outcome : run_defect_file(read_defect(file), length)) {
      fmt::print("{}\n", defect_row(outcome));
      all.push_back(std::move(outcome));
    }
    std::fflush(stdout);
  }
  fmt::print("\n{}\n", defect_summary(all));
  return std::all_of(all.begin(), all.end(), [](const DefectOutcome& o) { return o.right(); });
}

int run(int argc, char** argv) {
  CLI::App app("Planted defects and harmless reorderings: what is caught, and as what");
  std::string which = "all";
  std::vector<Path> files;
  DefectLength length;
  app.add_option("catalogue", which, "defects, reorderings or all")
      ->check(CLI::IsMember({"defects", "reorderings", "all"}));
  app.add_option("files", files, "instead of the catalogue's own");
  app.add_option("--max-tokens", length.max_tokens, "ids that each defect's arms generate");
  CLI11_PARSE(app, argc, argv);
  return run_defects(files.empty() ? json_files(kCatalogue / "defects") : files, length) ? 0 : 1;
}

}  // namespace
}  // namespace fidelio::catalogue

int main(int argc, char** argv) {
  try {
    return fidelio::catalogue::run(argc, argv);
  } catch (const fidelio::UserError& error) {
    fmt::print(stderr, "fidelity_catalogue: {}\n", error.what());
    return 2;
  }
}
