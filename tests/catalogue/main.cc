// fidelity_catalogue: runs the catalogues and prints their table; exit 1 when something in them is
// missed. How to add to them: docs/catalogues.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "core/user_error.h"
#include "tests/catalogue/defect_table.h"
#include "tests/catalogue/reordering_file.h"
#include "tests/catalogue/reordering_table.h"
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

struct Seeds {
  std::uint32_t first = 1;
  std::uint32_t count = 10;
};

/// One reordering on one model, one row a kind of router.
void run_seeds(const Reordering& reordering, const std::string& model, const Seeds& seeds,
               std::vector<ReorderingOutcome>& all) {
  for (const bool ties : {false, true}) {
    if (!runs_on(reordering, model, ties)) continue;
    std::vector<ReorderingOutcome> row;
    for (std::uint32_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
      row.push_back(run_reordering(reordering, model, seed, ties));
    }
    fmt::print("{}\n", reordering_row(row));
    std::fflush(stdout);
    all.insert(all.end(), row.begin(), row.end());
  }
}

bool run_reorderings(const std::vector<Path>& files, const Seeds& seeds) {
  std::vector<ReorderingOutcome> all;
  fmt::print("{}\n", reordering_header());
  for (const Path& file : files) {
    const Reordering reordering = read_reordering(file);
    for (const std::string& model : reordering.models) run_seeds(reordering, model, seeds, all);
  }
  fmt::print("\n{}\n", reordering_summary(all));
  return std::all_of(all.begin(), all.end(), [](const ReorderingOutcome& o) { return o.right(); });
}

std::vector<Path> own_reorderings() {
  std::vector<Path> files = json_files(kCatalogue / "reorderings");
  for (const Path& file : json_files(kCatalogue / "false_reorderings")) files.push_back(file);
  return files;
}

int run(int argc, char** argv) {
  CLI::App app("Planted defects and harmless reorderings: what is caught, and as what");
  std::string which = "all";
  std::vector<Path> files;
  DefectLength length;
  Seeds seeds;
  app.add_option("catalogue", which, "defects, reorderings or all")
      ->check(CLI::IsMember({"defects", "reorderings", "all"}));
  app.add_option("files", files, "instead of the catalogue's own")->check(CLI::ExistingFile);
  app.add_option("--max-tokens", length.max_tokens, "ids that each defect's arms generate")
      ->check(CLI::Range(1, 4000));
  app.add_option("--seeds", seeds.count, "random checkpoints for each reordering and model")
      ->check(CLI::Range(1, 10000));
  app.add_option("--first-seed", seeds.first, "of the random checkpoints");
  CLI11_PARSE(app, argc, argv);
  if (which == "all" && !files.empty())
    throw UserError("files: say whether they are defects or reorderings");
  bool right = true;
  if (which != "reorderings")
    right &= run_defects(files.empty() ? json_files(kCatalogue / "defects") : files, length);
  if (which != "defects")
    right &= run_reorderings(files.empty() ? own_reorderings() : files, seeds);
  return right ? 0 : 1;
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
