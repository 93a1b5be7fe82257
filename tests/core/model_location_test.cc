// Directories before names, folders in order, and messages that say what was tried.
#include "core/model_location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;
using testing::user_error_of;
namespace fs = std::filesystem;

/// Without a hub cache.
fs::path resolve_model_in(const std::string& model, std::span<const fs::path> folders) {
  return locate_model_in(model, folders, {}).path;
}

class ModelLocationTest : public ::testing::Test {
 protected:
  ModelLocationTest() {
    first_.write("demo/config.json", "{}");
    second_.write("demo/config.json", "{}");
    second_.write("other/config.json", "{}");
    second_.write("unfinished/notes.txt", "");
  }
  std::string error_for(const std::string& model) const {
    return user_error_of([&] { resolve_model_in(model, folders_); });
  }

  TempDir first_;
  TempDir second_;
  std::vector<fs::path> folders_ = {first_.path(), second_.path()};
};

TEST_F(ModelLocationTest, IsTheDirectoryItselfWhenItHoldsAConfig) {
  EXPECT_EQ(resolve_model_in((second_ / "other").string(), {}), second_ / "other");
}

TEST_F(ModelLocationTest, IsANameInTheFirstFolderThatHasIt) {
  EXPECT_EQ(resolve_model_in("demo", folders_), first_ / "demo");
  EXPECT_EQ(resolve_model_in("other", folders_), second_ / "other");
}

TEST_F(ModelLocationTest, CallsAModelByTheLastPartOfItsPath) {
  EXPECT_EQ(locate_model_in((second_ / "other").string() + "/", {}, {}).id, "other");
  EXPECT_EQ(locate_model_in("demo", folders_, {}).id, "demo");
}

TEST_F(ModelLocationTest, NamesEveryPathThatWasTried) {
  EXPECT_THAT(error_for("absent"),
              AllOf(HasSubstr("\"absent\""), HasSubstr((first_ / "absent/config.json").string()),
                    HasSubstr((second_ / "absent/config.json").string())));
}

TEST_F(ModelLocationTest, SuggestsTheNearestName) {
  EXPECT_THAT(error_for("dmeo"), HasSubstr("did you mean \"demo\"?"));
  EXPECT_THAT(error_for("something-else"), Not(HasSubstr("did you mean")));
}

TEST_F(ModelLocationTest, RefusesADirectoryWithoutConfig) {
  EXPECT_THAT(error_for((second_ / "unfinished").string()),
              HasSubstr("expected a directory that holds config.json"));
}

TEST_F(ModelLocationTest, RefusesAFile) {
  EXPECT_THAT(error_for((second_ / "unfinished/notes.txt").string()), HasSubstr("found a file"));
}

TEST_F(ModelLocationTest, IsAGgufFileByItsName) {
  const fs::path file = second_.write("files/Tiny-Q8_0.gguf", "GGUF");
  const ModelLocation found = locate_model_in(file.string(), {}, {});

  EXPECT_EQ(found.path, file);
  EXPECT_EQ(found.id, "Tiny-Q8_0");
  EXPECT_EQ(locate_model_in(file.parent_path().string(), {}, {}).path, file);
  EXPECT_EQ(locate_model_in(file.parent_path().string(), {}, {}).id, "Tiny-Q8_0");
}

TEST_F(ModelLocationTest, IsTheFirstPartOfAGgufFileInParts) {
  const fs::path first = second_.write("files/big-00001-of-00002.gguf", "GGUF");
  const fs::path second = second_.write("files/big-00002-of-00002.gguf", "GGUF");

  EXPECT_EQ(locate_model_in(second.string(), {}, {}).path, first);
  EXPECT_EQ(locate_model_in(second.string(), {}, {}).id, "big");
}

TEST_F(ModelLocationTest, IsTheConfigBeforeAGgufFileBesideIt) {
  second_.write("other/model.gguf", "GGUF");

  EXPECT_EQ(resolve_model_in((second_ / "other").string(), {}), second_ / "other");
}

TEST_F(ModelLocationTest, RefusesAFolderOfSeveralGgufModels) {
  second_.write("files/a.gguf", "GGUF");
  second_.write("files/b.gguf", "GGUF");

  EXPECT_THAT(error_for((second_ / "files").string()), HasSubstr("found 2 GGUF models"));
}

TEST_F(ModelLocationTest, DoesNotLeaveTheFoldersThroughAName) {
  const TempDir outer;
  outer.write("config.json", "{}");
  fs::create_directory(outer / "models");

  for (const char* name : {"..", "../.", "", "."}) {
    EXPECT_NE(user_error_of([&] { resolve_model_in(name, std::vector{outer / "models"}); }), "")
        << name;
  }
}

TEST_F(ModelLocationTest, LooksFirstWhereTheEnvironmentSays) {
  ::setenv("FIDELIO_MODELS", "/some/folder", 1);
  const std::vector<fs::path> folders = model_folders();
  ::unsetenv("FIDELIO_MODELS");

  EXPECT_EQ(folders.front(), "/some/folder");
  EXPECT_THAT(model_folders(), ElementsAre(fs::path(FIDELIO_SOURCE_DIR) / "models",
                                           HasSubstr("share/fidelio/models")));
}

}  // namespace
}  // namespace fidelio
