// The capsules that are published with the project: they read strictly, their checksums fit, and
// today's rules give the verdict that they were written with.
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "capsules/gate.h"
#include "capsules/json.h"

namespace fidelio {
namespace {

std::vector<std::filesystem::path> published() {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path folder = FIDELIO_SOURCE_DIR "/capsules/evidence";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  return paths;
}

TEST(EvidenceCapsules, PassTheGate) {
  ASSERT_FALSE(published().empty());
  for (const std::filesystem::path& path : published()) {
    const GateResult result = gate(path.filename().string(), read_capsule(path));

    EXPECT_EQ(result.exit_code, 0) << path << "\n" << gate_text({result});
    EXPECT_EQ(result.disagreement, "") << path;
  }
}

TEST(EvidenceCapsules, AreFromCommittedSources) {
  for (const std::filesystem::path& path : published()) {
    const Record record = read_capsule(path);

    EXPECT_FALSE(record.program.git_dirty) << path;
    EXPECT_EQ(record.program.git_commit.size(), 40U) << path;
    EXPECT_EQ(record.program.build_type, "Release") << path;
    EXPECT_GE(record.options.runs, 15) << path;
  }
}

TEST(EvidenceCapsules, DoNotPassWithAnIdChanged) {
  Record record = read_capsule(published().front());
  record.generations.at(0).patched.ids.at(3) += 1;

  EXPECT_NE(gate("changed", record).exit_code, 0);
}

}  // namespace
}  // namespace fidelio
