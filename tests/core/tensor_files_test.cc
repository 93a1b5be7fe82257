// One file, an index with shards, shards without an index; every way in which they can disagree.
#include "core/tensor_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::SafetensorsWriter;
using testing::TempDir;
using testing::user_error_of;

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kFirst = "model-00001-of-00002.safetensors";
constexpr const char* kSecond = "model-00002-of-00002.safetensors";

class TensorFilesTest : public ::testing::Test {
 protected:
  void add_file(const std::string& name, const std::vector<std::string>& tensors) const {
    SafetensorsWriter writer;
    for (const std::string& tensor : tensors) writer.add_zeros(tensor, "F32", {2}, 4);
    writer.write(dir_ / name);
  }
  void add_index(const json& map) const {
    dir_.write(kIndex, json({{"metadata", {{"total_size", 24}}}, {"weight_map", map}}).dump());
  }
  /// a and b in the first shard, c in the second.
  void add_shards() const {
    add_file(kFirst, {"a", "b"});
    add_file(kSecond, {"c"});
  }
  TensorFiles open() const { return TensorFiles::open(dir_.path()); }
  std::string error() const {
    return user_error_of([&] { open(); });
  }

  TempDir dir_;
  const json map_ = {{"a", kFirst}, {"b", kFirst}, {"c", kSecond}};
};

TEST_F(TensorFilesTest, AreOneFileWhereThereIsOne) {
  add_file("model.safetensors", {"a"});

  const TensorFiles files = open();

  EXPECT_EQ(files.files().size(), 1U);
  EXPECT_NE(files.find("a"), nullptr);
  EXPECT_EQ(files.find("b"), nullptr);
  EXPECT_EQ(files.path_of("b"), dir_ / "model.safetensors");
  EXPECT_EQ(files.total_bytes(), std::filesystem::file_size(dir_ / "model.safetensors"));
}

TEST_F(TensorFilesTest, AreTheShardsThatTheIndexNames) {
  add_shards();
  add_index(map_);

  const TensorFiles files = open();

  EXPECT_EQ(files.files().size(), 2U);
  EXPECT_EQ(files.path_of("a"), dir_ / kFirst);
  EXPECT_EQ(files.path_of("c"), dir_ / kSecond);
  EXPECT_EQ(files.path_of("d"), dir_ / kIndex);
  EXPECT_THAT(files.names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(files.total_bytes(), files.files()[0].file_bytes() + files.files()[1].file_bytes());
}

TEST_F(TensorFilesTest, StayWhereTheyAreWhenMoved) {
  add_shards();
  TensorFiles files = open();
  const TensorInfo* place = files.find("c");

  const TensorFiles moved = std::move(files);

  EXPECT_EQ(moved.find("c"), place);
  EXPECT_EQ(moved.find("c")->name, "c");
}

TEST_F(TensorFilesTest, AreAllOfTheModelsFilesWithoutAnIndex) {
  add_shards();
  add_file("model-extra.safetensors", {"d"});
  add_file("adapters.safetensors", {"a"});

  const TensorFiles files = open();

  EXPECT_THAT(files.names(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(files.path_of("none"), dir_ / "model*.safetensors");
}

TEST_F(TensorFilesTest, IgnoreWhatTheIndexDoesNotName) {
  add_shards();
  add_index(map_);
  add_file("model-old.safetensors", {"a"});
  dir_.write("model.safetensors", "no tensors");

  EXPECT_EQ(open().files().size(), 2U);
}

TEST_F(TensorFilesTest, MayBeLinksIntoAnotherFolder) {
  const TempDir blobs;
  add_shards();
  std::filesystem::rename(dir_ / kSecond, blobs / "0123abcd");
  std::filesystem::create_symlink(blobs / "0123abcd", dir_ / kSecond);
  add_index(map_);

  EXPECT_EQ(open().path_of("c"), dir_ / kSecond);
}

TEST_F(TensorFilesTest, RefuseAnIndexThatNamesAMissingShard) {
  add_file(kFirst, {"a", "b"});
  add_index(map_);

  EXPECT_THAT(error(), AllOf(HasSubstr((dir_ / kSecond).string()), HasSubstr("no such file"),
                             HasSubstr("the index names")));
  EXPECT_THAT(missing_tensor_files(dir_.path()), ElementsAre(kSecond));
}

TEST_F(TensorFilesTest, RefuseAPartThatTheOthersCount) {
  add_file(kSecond, {"c"});

  EXPECT_THAT(error(), AllOf(HasSubstr((dir_ / kFirst).string()), HasSubstr("incomplete")));
  EXPECT_THAT(missing_tensor_files(dir_.path()), ElementsAre(kFirst));
}

TEST_F(TensorFilesTest, AreMissingInAnEmptyFolderAndNotInAWholeOne) {
  EXPECT_THAT(missing_tensor_files(dir_.path()), ElementsAre("model.safetensors"));
  EXPECT_THAT(error(), HasSubstr((dir_ / "model.safetensors").string()));

  add_shards();

  EXPECT_THAT(missing_tensor_files(dir_.path()), IsEmpty());
}

TEST_F(TensorFilesTest, RefuseAFileNameThatLeavesTheFolder) {
  const TempDir outside;
  SafetensorsWriter().add_zeros("a", "F32", {2}, 4).write(outside / "a.safetensors");
  for (const std::string& name :
       {std::string("../a.safetensors"), (outside / "a.safetensors").string(),
        std::string("sub/a.safetensors"), std::string(".."), std::string("a\0.safetensors", 14),
        std::string("config.json"), std::string()}) {
    add_index({{"a", name}});

    EXPECT_THAT(error(), AllOf(HasSubstr(kIndex), HasSubstr("tensor \"a\""),
                               HasSubstr("expected the name of a .safetensors file")))
        << name;
  }
}

TEST_F(TensorFilesTest, RefuseAnIndexWithoutAMapOfNames) {
  dir_.write(kIndex, R"({"weight_map": {}})");
  EXPECT_THAT(error(), HasSubstr("weight_map: found no such object"));
  dir_.write(kIndex, R"({"metadata": {}})");
  EXPECT_THAT(error(), HasSubstr("weight_map: found nothing"));
  dir_.write(kIndex, R"({"weight_map": {"a": 7}})");
  EXPECT_THAT(error(), HasSubstr("tensor \"a\": found no string"));
  dir_.write(kIndex, R"({"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}})");
  EXPECT_THAT(error(), HasSubstr(kIndex));
}

TEST_F(TensorFilesTest, RefuseATensorThatIsNotInItsShard) {
  add_file(kFirst, {"a"});
  add_file(kSecond, {"c"});
  add_index(map_);

  EXPECT_THAT(error(), HasSubstr((dir_ / kFirst).string() +
                                 ": tensor \"b\": found no such tensor, expected it here"));
}

TEST_F(TensorFilesTest, RefuseATensorInAnotherShardThanTheIndexSays) {
  add_shards();
  json map = map_;
  map["b"] = kSecond;
  add_index(map);

  EXPECT_THAT(error(), AllOf(HasSubstr((dir_ / kFirst).string() + ": tensor \"b\""),
                             HasSubstr("expected it in \"" + std::string(kSecond))));
}

TEST_F(TensorFilesTest, RefuseATensorInTwoFiles) {
  add_file(kFirst, {"a", "c"});
  add_file(kSecond, {"c"});

  EXPECT_THAT(error(), AllOf(HasSubstr((dir_ / kSecond).string() + ": tensor \"c\""),
                             HasSubstr("also in " + (dir_ / kFirst).string())));
}

TEST_F(TensorFilesTest, RefuseATensorThatTheIndexDoesNotList) {
  add_shards();
  json map = map_;
  map.erase("b");
  add_index(map);

  EXPECT_THAT(error(), HasSubstr((dir_ / kFirst).string() +
                                 ": tensor \"b\": found a tensor that the index does not list"));
}

TEST_F(TensorFilesTest, SayThatAPointerOfGitLfsIsNoTensorFile) {
  dir_.write("model.safetensors",
             "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4\n");

  EXPECT_THAT(error(), AllOf(HasSubstr((dir_ / "model.safetensors").string()),
                             HasSubstr("found a Git LFS pointer"), HasSubstr("git lfs pull")));
  dir_.write("model.safetensors", "version");
  EXPECT_THAT(error(), Not(HasSubstr("Git LFS")));
}

TEST_F(TensorFilesTest, AreTheSameBytesWhenReadIntoMemory) {
  SafetensorsWriter writer;
  writer.add("a", "F32", {2}, std::vector<float>{1.5F, -2.0F}).write(dir_ / "model.safetensors");

  const TensorFiles files = TensorFiles::open(dir_.path(), LoadMode::read);

  EXPECT_EQ(files.mode(), LoadMode::read);
  float value = 0;
  std::memcpy(&value, files.find("a")->bytes.data() + 4, 4);
  EXPECT_EQ(value, -2.0F);
}

}  // namespace
}  // namespace fidelio
