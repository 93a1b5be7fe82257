// The hub's cache as its tools lay it out, made in a folder of the test's own.
#include "core/hub_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "core/model_location.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::SafetensorsWriter;
using testing::TempDir;
using testing::user_error_of;
namespace fs = std::filesystem;

const std::string kOne = "1111" + std::string(36, 'a');
const std::string kTwo = "1122" + std::string(36, 'b');
const std::string kModel = "models--org--tiny-moe";

class HubCache : public ::testing::Test {
 protected:
  void add_snapshot(const std::string& commit) const {
    cache_.write(kModel + "/snapshots/" + commit + "/config.json", "{}");
    SafetensorsWriter().add_zeros("a", "F32", {2}, 4).write(snapshot(commit) / "model.safetensors");
  }
  void add_ref(const std::string& name, const std::string& text) const {
    cache_.write(kModel + "/refs/" + name, text);
  }
  fs::path snapshot(const std::string& commit) const {
    return cache_ / kModel / "snapshots" / commit;
  }
  std::string commit_of(const std::string& model) const {
    const auto found = find_in_hub_cache(*parse_hub_id(model), cache_.path());
    return found ? found->commit : "none";
  }
  std::string error_of(const std::string& model) const {
    return user_error_of([&] {
      const ModelLocation found = locate_model_in(model, {}, cache_.path());
      if (found.hub_id) check_complete(*found.hub_id, found.path);
    });
  }

  TempDir cache_;
};

TEST(HubId, IsAnOrganisationAndANameWithOrWithoutRevision) {
  const auto plain = parse_hub_id("mlx-community/Qwen3-30B-A3B-4bit");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->id(), "mlx-community/Qwen3-30B-A3B-4bit");
  EXPECT_FALSE(plain->revision.has_value());
  EXPECT_EQ(download_command(*plain), "hf download mlx-community/Qwen3-30B-A3B-4bit");

  const auto pinned = parse_hub_id("org/a_b.c@refs/pr/1");
  ASSERT_TRUE(pinned.has_value());
  EXPECT_EQ(pinned->id(), "org/a_b.c");
  EXPECT_EQ(download_command(*pinned), "hf download org/a_b.c --revision refs/pr/1");
}

TEST(HubId, IsNothingThatCouldLeaveTheCache) {
  for (const char* text : {"name",         "/name",   "org/",       "org/a/b",   "../name",
                           "org/..",       "org/.",   "./name",     "org/a..b",  "org/a--b",
                           "-org/a",       "org/a.",  "org/a b",    "org/a\nb",  "org/a;b",
                           "org/\xC3\xA9", "org/a@",  "org/a@../x", "org/a@/x",  "org/a@x//y",
                           "org/a@x/",     "org/a@.", "org/a@x y",  "org/a@b@c", "https://org/a"}) {
    EXPECT_FALSE(parse_hub_id(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_hub_id("org/" + std::string(96, 'a')).has_value());
  EXPECT_FALSE(parse_hub_id("org/" + std::string(97, 'a')).has_value());
}

TEST_F(HubCache, FollowsMainWhereNoRevisionIsGiven) {
  add_snapshot(kOne);
  add_snapshot(kTwo);
  add_ref("main", kTwo + "\n");

  const ModelLocation found = locate_model_in("org/tiny-moe", {}, cache_.path());

  EXPECT_EQ(found.path, snapshot(kTwo));
  EXPECT_EQ(found.id, "org/tiny-moe");
  EXPECT_EQ(found.revision, kTwo);
}

TEST_F(HubCache, FindsARevisionByBranchByCommitAndByItsUniqueStart) {
  add_snapshot(kOne);
  add_snapshot(kTwo);
  add_ref("refs/pr/1", kOne);

  EXPECT_EQ(commit_of("org/tiny-moe@refs/pr/1"), kOne);
  EXPECT_EQ(commit_of("org/tiny-moe@" + kTwo), kTwo);
  EXPECT_EQ(commit_of("org/tiny-moe@1122"), kTwo);
  EXPECT_EQ(commit_of("org/tiny-moe@112"), "none");  // too short to be meant
  EXPECT_EQ(commit_of("org/tiny-moe@v2"), "none");
  EXPECT_EQ(locate_model_in("org/tiny-moe@1122", {}, cache_.path()).id, "org/tiny-moe");
}

TEST_F(HubCache, RefusesAStartThatTwoCommitsShare) {
  const std::string other = "1111" + std::string(36, 'c');
  add_snapshot(kOne);
  add_snapshot(other);

  EXPECT_THAT(error_of("org/tiny-moe@1111"),
              AllOf(HasSubstr("revision \"1111\""), HasSubstr(kOne), HasSubstr(other)));
}

TEST_F(HubCache, TakesTheOnlySnapshotWithoutMainAndChoosesAmongNone) {
  add_snapshot(kOne);
  EXPECT_EQ(commit_of("org/tiny-moe"), kOne);

  add_snapshot(kTwo);

  EXPECT_THAT(error_of("org/tiny-moe"),
              AllOf(HasSubstr("refs/main is absent"), HasSubstr(kOne), HasSubstr(kTwo)));
}

TEST_F(HubCache, GivesTheDownloadCommandInTheLastLineWhenTheModelIsAbsent) {
  EXPECT_THAT(error_of("org/other"),
              AllOf(HasSubstr(cache_.path().string()), EndsWith("\nhf download org/other")));
  add_snapshot(kOne);
  EXPECT_THAT(error_of("org/tiny-moe@v2"), EndsWith("\nhf download org/tiny-moe --revision v2"));
}

TEST_F(HubCache, SaysWhatAnIncompleteDownloadLacks) {
  add_snapshot(kOne);
  const char* command = "\nhf download org/tiny-moe";
  fs::remove(snapshot(kOne) / "config.json");
  EXPECT_THAT(error_of("org/tiny-moe"),
              AllOf(HasSubstr("incomplete"), HasSubstr("\"config.json\""), EndsWith(command)));

  add_snapshot(kOne);
  cache_.write(kModel + "/snapshots/" + kOne + "/model.safetensors.index.json",
               R"({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})");
  EXPECT_THAT(error_of("org/tiny-moe"),
              AllOf(HasSubstr("\"model-1.safetensors\" and 1 more"), EndsWith(command)));
  // A link whose blob is not there yet is no file.
  fs::create_symlink("../../blobs/none", snapshot(kOne) / "model-1.safetensors");
  EXPECT_THAT(error_of("org/tiny-moe"), HasSubstr("\"model-1.safetensors\" and 1 more"));
}

TEST_F(HubCache, FindsASnapshotWithoutWeightsForThoseWhoNeedNone) {
  cache_.write(kModel + "/snapshots/" + kOne + "/tokenizer.model", "");

  EXPECT_EQ(locate_model_in("org/tiny-moe", {}, cache_.path()).path, snapshot(kOne));
}

TEST_F(HubCache, SaysThatOtherWeightsAreNotRead) {
  add_snapshot(kOne);
  fs::remove(snapshot(kOne) / "model.safetensors");
  cache_.write(kModel + "/snapshots/" + kOne + "/pytorch_model.bin", "");

  EXPECT_THAT(error_of("org/tiny-moe"), AllOf(HasSubstr("found \"pytorch_model.bin\""),
                                              HasSubstr("expected model*.safetensors")));
}

TEST_F(HubCache, SaysThatTheSnapshotOfABranchIsNotThere) {
  add_ref("main", kOne);

  EXPECT_THAT(error_of("org/tiny-moe"),
              AllOf(HasSubstr("incomplete"), EndsWith("\nhf download org/tiny-moe")));
}

TEST_F(HubCache, RefusesARefThatIsNoCommit) {
  add_snapshot(kOne);
  add_ref("main", "../../../elsewhere");

  EXPECT_THAT(error_of("org/tiny-moe"), HasSubstr("expected a commit of 40 lower-case hex digits"));
}

TEST_F(HubCache, ComesAfterADirectoryOfThatName) {
  add_snapshot(kOne);
  const TempDir here;
  here.write("org/tiny-moe/config.json", "{}");
  const fs::path before = fs::current_path();

  fs::current_path(here.path());
  const ModelLocation found = locate_model_in("org/tiny-moe", {}, cache_.path());
  fs::current_path(before);

  EXPECT_EQ(found.path, "org/tiny-moe");
  EXPECT_EQ(found.id, "tiny-moe");
  EXPECT_FALSE(found.revision.has_value());
}

TEST(HubCacheFolder, IsTheFirstThatTheEnvironmentNames) {
  const char* kFolders[] = {"/one", "/two", "/three/hub", "/four/huggingface/hub",
                            "/five/.cache/huggingface/hub"};
  const char* kVariables[] = {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME",
                              "HOME"};
  const char* kValues[] = {"/one", "/two", "/three", "/four", "/five"};
  std::map<std::string, std::string> saved;
  for (std::size_t i = 0; i < std::size(kVariables); ++i) {
    if (const char* value = std::getenv(kVariables[i])) saved[kVariables[i]] = value;
    ::setenv(kVariables[i], kValues[i], 1);
  }

  for (std::size_t i = 0; i < std::size(kVariables); ++i) {
    EXPECT_EQ(hub_cache_folder(), kFolders[i]);
    ::setenv(kVariables[i], "", 1);  // as good as absent
  }
  EXPECT_TRUE(hub_cache_folder().empty());

  for (const char* name : kVariables) ::unsetenv(name);
  for (const auto& [name, value] : saved) ::setenv(name.c_str(), value.c_str(), 1);
}

}  // namespace
}  // namespace fidelio
