// Who may include whom. The table is the design; every #include line of the source folders is held
// to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace fidelio {
namespace {

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"kernels", {}},
    {"capsules", {}},
    {"core", {"kernels"}},
    {"patches", {"core", "kernels/table.h", "kernels/rounding.h"}},
    {"validate",
     {"core", "patches", "capsules", "kernels/table.h", "kernels/contract.h", "kernels/share.h"}},
    {"bench", {"kernels", "core", "patches", "capsules", "validate"}},
};

/// The folders of this project that an include line may name.
bool is_ours(const std::string& folder) {
  return kMayInclude.count(folder) != 0 || folder == "tests";
}

/// "" when `file` of `folder` may have this include line, else what is wrong with it.
std::string complaint(const std::string& folder, const std::string& line) {
  static const std::regex include(R"re(^\s*#\s*include\s+"([^"/]+)/([^"]+)")re");
  std::smatch match;
  if (!std::regex_search(line, match, include)) return "";
  const std::string target = match[1];
  if (!is_ours(target) || target == folder) return "";
  const std::set<std::string>& allowed = kMayInclude.at(folder);
  if (allowed.count(target) != 0 || allowed.count(target + "/" + match[2].str()) != 0) return "";
  return folder + " includes " + target + "/" + match[2].str();
}

TEST(Includes, FollowTheTable) {
  std::size_t lines = 0;
  for (const auto& [folder, allowed] : kMayInclude) {
    const std::filesystem::path root = std::filesystem::path(FIDELIO_SOURCE_DIR) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line); ++lines) {
        EXPECT_EQ(complaint(folder, line), "") << entry.path();
      }
    }
  }
  EXPECT_GT(lines, 1000U);
}

TEST(Includes, AForbiddenOneIsSeen) {
  EXPECT_EQ(complaint("kernels", R"(#include "core/graph.h")"), "kernels includes core/graph.h");
  EXPECT_EQ(complaint("capsules", R"(#include "core/user_error.h")"),
            "capsules includes core/user_error.h");
  EXPECT_EQ(complaint("core", R"(#include "tests/support/npy.h")"),
            "core includes tests/support/npy.h");
  EXPECT_EQ(complaint("core", R"(#include "kernels/table.h")"), "");
  EXPECT_EQ(complaint("patches", R"(#include "kernels/linear.h")"),
            "patches includes kernels/linear.h");
}

}  // namespace
}  // namespace fidelio
