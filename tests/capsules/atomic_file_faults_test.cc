// Writing whole or not at all while any one of its system calls fails, does half of its work, is
// interrupted, or is the last thing that the process does. What a healthy disk and a full one bring
// is in atomic_file_test.cc.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "capsules/atomic_file.h"
#include "capsules/capsule_error.h"
#include "tests/support/faulty_file_calls.h"
#include "tests/support/file_content.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kOld(5'000, 'o');
const std::string kNew = std::string(20'000, 'n') + "end";
constexpr const char* kAbandoned = ".fidelio-1-0";

using Writer = std::function<void(const fs::path&, FileCalls&)>;

void write_atomically(const fs::path& path, FileCalls& calls) {
  AtomicFile file(path, calls);
  file.write(std::string_view(kNew).substr(0, 7'000));
  file.write(std::string_view(kNew).substr(7'000));
  file.commit();
}

/// What the folder holds before the write.
struct Before {
  bool old_file = false;
  bool abandoned_file = false;  ///< by a process that was killed
};

/// One write with one fault in a folder of its own.
class Scene {
 public:
  explicit Scene(const Before& before) : before_(before) {
    if (before.old_file) dir_.write("c.json", kOld);
    if (before.abandoned_file) dir_.write(kAbandoned, "half a caps");
  }
  fs::path path() const { return dir_ / "c.json"; }

  bool holds_old() const {
    return before_.old_file ? content_of(path()) == kOld : !fs::exists(path());
  }
  bool holds_new() const { return fs::exists(path()) && content_of(path()) == kNew; }

  /// Files besides the target and the one that was there already.
  std::ptrdiff_t new_litter() const {
    return std::count_if(fs::directory_iterator(dir_.path()), fs::directory_iterator(),
                         [](const fs::directory_entry& entry) {
                           const fs::path name = entry.path().filename();
                           return name != "c.json" && name != kAbandoned;
                         });
  }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator());
  }

 private:
  Before before_;
  TempDir dir_;
};

/// Ends with a clean write, which must work and leave its file alone in the folder.
std::string after_a_clean_write(const Scene& scene) {
  FaultyFileCalls calls;
  write_file_atomically(scene.path(), kNew, calls);
  if (!scene.holds_new()) return "the next write fails; ";
  return scene.files() == 1 ? "" : "the next write leaves files; ";
}

std::string wrong_after_error(const Scene& scene, const Fault& fault, const std::string& message) {
  const std::string reason = std::generic_category().message(fault.code);
  std::string wrong;
  if (fault.kind == Fault::short_write || fault.code == EINTR) wrong += "gives up; ";
  if (message.find(scene.path().string()) == std::string::npos) wrong += "names no file; ";
  if (message.find(reason) == std::string::npos) wrong += "gives no reason; ";
  if (scene.new_litter() > 0) wrong += "leaves a temporary file; ";
  return wrong;
}

/// What is wrong after `write` met `fault`; empty: nothing.
std::string wrong_after(const Writer& write, const Before& before, const Fault& fault) {
  const Scene scene(before);
  FaultyFileCalls calls(fault);
  std::string wrong;
  try {
    write(scene.path(), calls);
    if (!scene.holds_new()) wrong += "says that it has written and has not; ";
    if (scene.new_litter() > 0) wrong += "leaves a temporary file; ";
  } catch (const CapsuleError& error) {
    wrong += wrong_after_error(scene, fault, error.what());
  }
  if (!scene.holds_old() && !scene.holds_new()) wrong += "holds neither old nor new; ";
  return wrong + after_a_clean_write(scene);
}

/// The same in a child process that the fault kills.
std::string wrong_after_kill(const Writer& write, const Before& before, const Fault& fault) {
  const Scene scene(before);
  const pid_t child = ::fork();
  if (child == 0) {
    FaultyFileCalls calls(fault);
    write(scene.path(), calls);
    ::_exit(0);
  }
  int status = 0;
  std::string wrong;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) != FaultyFileCalls::kKilled)
    wrong += "was not killed; ";
  if (!scene.holds_old() && !scene.holds_new()) wrong += "holds neither old nor new; ";
  return wrong + after_a_clean_write(scene);
}

std::vector<std::string> calls_of(const Writer& write, const Before& before) {
  const Scene scene(before);
  FaultyFileCalls calls;
  write(scene.path(), calls);
  return calls.calls();
}

constexpr Before kScenes[] = {{false, false}, {true, false}, {true, true}};

/// A line for each fault that `write` does not survive, of every kind at every call.
std::vector<std::string> unsurvived(const Writer& write) {
  std::vector<std::string> lines;
  for (const Before& before : kScenes) {
    const std::vector<std::string> calls = calls_of(write, before);
    for (int at = 0; at < static_cast<int>(calls.size()); ++at) {
      const auto note = [&](const char* what, const std::string& wrong) {
        if (!wrong.empty())
          lines.push_back(fmt::format("call {} ({}), {}: {}", at,
                                      calls[static_cast<std::size_t>(at)], what, wrong));
      };
      for (const int code : {EINTR, ENOSPC, EIO, EDQUOT, EROFS})
        note(std::generic_category().message(code).c_str(),
             wrong_after(write, before, {Fault::error, at, code}));
      note("short write", wrong_after(write, before, {Fault::short_write, at, 0}));
      note("full after half", wrong_after(write, before, {Fault::cut_write, at, ENOSPC}));
      note("killed", wrong_after_kill(write, before, {Fault::kill, at, 0}));
    }
  }
  return lines;
}

TEST(AtomicFileFaults, EveryFaultAtEveryCallLeavesTheOldOrTheNewFileEntire) {
  EXPECT_THAT(unsurvived(write_atomically), IsEmpty());
}

TEST(AtomicFileFaults, AWriterInPlaceIsCaught) {
  const Writer in_place = [](const fs::path& path, FileCalls& calls) {
    const int fd = calls.open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    calls.write(fd, kNew.data(), kNew.size());
    calls.fsync(fd);
    calls.close(fd);
  };
  const std::vector<std::string> lines = unsurvived(in_place);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("(write), killed: holds neither")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("says that it has written")));
}

TEST(AtomicFileFaults, AWriterThatHidesItsErrorsIsCaught) {
  const Writer hides = [](const fs::path& path, FileCalls& calls) {
    try {
      write_atomically(path, calls);
    } catch (const CapsuleError&) {
    }
  };
  EXPECT_THAT(unsurvived(hides), ::testing::Contains(HasSubstr("says that it has written")));
}

TEST(AtomicFileFaults, AWriterThatLeavesItsTemporaryFileIsCaught) {
  const Writer leaves = [](const fs::path& path, FileCalls& calls) {
    const fs::path beside = path.string() + ".new";
    const int fd = calls.open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    const bool written =
        calls.write(fd, kNew.data(), kNew.size()) == static_cast<ssize_t>(kNew.size());
    calls.close(fd);
    if (!written || calls.rename(beside.c_str(), path.c_str()) != 0) throw CapsuleError("no space");
  };
  const std::vector<std::string> lines = unsurvived(leaves);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("leaves a temporary file")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("names no file; gives no reason")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("the next write leaves files")));
  EXPECT_THAT(lines, Not(::testing::Contains(HasSubstr("neither old nor new"))));
}

TEST(AtomicFileFaults, TheContentIsOnTheDiskBeforeItTakesTheName) {
  EXPECT_THAT(calls_of(write_atomically, {true, false}),
              ElementsAre("open", "flock", "write", "write", "fchmod", "fsync", "rename", "close",
                          "open", "fsync", "close"));
}

TEST(AtomicFileFaults, AWriteThatTakesNothingIsAnErrorAndNoLoop) {
  const Scene scene({true, false});
  FaultyFileCalls calls({Fault::empty_write, 2, 0});
  EXPECT_THROW(write_atomically(scene.path(), calls), CapsuleError);
  EXPECT_TRUE(scene.holds_old());
}

TEST(CheckWritableFaults, NoFaultTouchesTheTarget) {
  const Writer probe = [](const fs::path& path, FileCalls& calls) { check_writable(path, calls); };
  const std::vector<std::string> calls = calls_of(probe, {true, true});
  for (int at = 0; at < static_cast<int>(calls.size()); ++at) {
    for (const int code : {EINTR, ENOSPC, EIO}) {
      const Scene scene({true, true});
      FaultyFileCalls faulty({Fault::error, at, code});
      try {
        probe(scene.path(), faulty);
      } catch (const CapsuleError& error) {
        EXPECT_THAT(error.what(), HasSubstr(scene.path().string()));
      }
      EXPECT_TRUE(scene.holds_old()) << at;
      EXPECT_EQ(after_a_clean_write(scene), "") << at;
    }
  }
}

TEST(AbandonedFiles, OfALivingWriterAreLeftAlone) {
  const TempDir dir;
  AtomicFile slow(dir / "slow.json");
  slow.write("slow");

  write_file_atomically(dir / "fast.json", "fast");
  slow.commit();

  EXPECT_EQ(content_of(dir / "slow.json"), "slow");
}

TEST(AbandonedFiles, OnlyThoseOfOurNamesAreRemoved) {
  const TempDir dir;
  const std::vector<const char*> others = {".fidelio-",   ".fidelio-1",   ".fidelio-1-",
                                           ".fidelio--1", ".fidelio-1-a", ".fidelio-1-2-3",
                                           "fidelio-1-0"};
  for (const char* name : others) dir.write(name, "");
  dir.write(".fidelio-12345-99", "");

  write_file_atomically(dir / "c.json", "new");

  for (const char* name : others) EXPECT_TRUE(fs::exists(dir / name)) << name;
  EXPECT_FALSE(fs::exists(dir / ".fidelio-12345-99"));
}

TEST(AbandonedFiles, ManyWritersInOneFolderTakeNothingFromEachOther) {
  const TempDir dir;
  std::vector<pid_t> children;
  for (int writer = 0; writer < 4; ++writer) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    FaultyFileCalls calls;
    try {
      for (int i = 0; i < 100; ++i) {
        write_file_atomically(dir / fmt::format("{}.json", writer), kNew, calls);
        write_file_atomically(dir / "shared.json", kNew, calls);
      }
    } catch (const CapsuleError&) {
      ::_exit(1);
    }
    ::_exit(content_of(dir / "shared.json") == kNew ? 0 : 2);
  }
  for (const pid_t child : children) {
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 5);
}

}  // namespace
}  // namespace fidelio::testing
