// Writing whole or not at all, with the failures that a full disk, a missing folder or missing
// rights bring.
#include "capsules/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/capsules/capsule_error_of.h"
#include "tests/support/file_content.h"
#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

namespace fs = std::filesystem;
using testing::capsule_error_of;
using testing::content_of;
using ::testing::HasSubstr;
using testing::TempDir;

std::ptrdiff_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(AtomicFile, WritesANewFileAndLeavesNothingElse) {
  const TempDir dir;

  write_file_atomically(dir / "a.json", std::string("one\0two\n", 8));

  EXPECT_EQ(content_of(dir / "a.json"), std::string("one\0two\n", 8));
  EXPECT_EQ(files_in(dir.path()), 1);
}

TEST(AtomicFile, ReplacesAFileAndKeepsItsMode) {
  const TempDir dir;
  const fs::path file = dir.write("a.json", "a much longer old text");
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);

  write_file_atomically(file, "new");

  EXPECT_EQ(content_of(file), "new");
  EXPECT_EQ(fs::status(file).permissions(), static_cast<fs::perms>(0640));
  EXPECT_EQ(files_in(dir.path()), 1);
}

TEST(AtomicFile, TakesItsNameOnlyWhenAllPartsAreWritten) {
  const TempDir dir;
  const fs::path path = dir.write("a.npy", "old");

  AtomicFile file(path);
  file.write("one ");
  file.write("two");
  EXPECT_EQ(content_of(path), "old");
  file.commit();

  EXPECT_EQ(content_of(path), "one two");
  EXPECT_EQ(files_in(dir.path()), 1);
}

TEST(AtomicFile, LeavesTheOldFileWhenItIsNotCommitted) {
  const TempDir dir;
  const fs::path path = dir.write("a.npy", "old");

  { AtomicFile(path).write("new"); }

  EXPECT_EQ(content_of(path), "old");
  EXPECT_EQ(files_in(dir.path()), 1);
}

TEST(AtomicFile, GivesANewFileTheUsualMode) {
  const TempDir dir;
  const mode_t mask = ::umask(027);

  write_file_atomically(dir / "a.json", "x");

  ::umask(mask);
  EXPECT_EQ(fs::status(dir / "a.json").permissions(), static_cast<fs::perms>(0640));
}

TEST(AtomicFile, WritesThroughASymbolicLink) {
  const TempDir dir;
  dir.write("real/a.json", "old");
  fs::create_symlink("real/a.json", dir / "link.json");

  write_file_atomically(dir / "link.json", "new");

  EXPECT_TRUE(fs::is_symlink(dir / "link.json"));
  EXPECT_EQ(content_of(dir / "real/a.json"), "new");
}

/// In a child process: a file may grow to 4 KiB, as on a disk that fills up. 0: the write failed as
/// it must.
int write_with_a_full_disk(const fs::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    try {
      write_file_atomically(file, std::string(100'000, 'x'));
    } catch (const CapsuleError& error) {
      ::_exit(std::string(error.what()).find("cannot write it: File too large") == std::string::npos
                  ? 3
                  : 0);
    }
    ::_exit(4);
  }
  int status = -1;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(AtomicFile, KeepsTheOldFileWhenTheDiskIsFull) {
  const TempDir dir;
  const fs::path file = dir.write("a.json", "old");

  EXPECT_EQ(write_with_a_full_disk(file), 0);

  EXPECT_EQ(content_of(file), "old");
  EXPECT_EQ(files_in(dir.path()), 1) << "the temporary file is left";
}

TEST(AtomicFile, RefusesAFolderItMayNotWriteIn) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TempDir dir;
  const fs::path file = dir.write("a.json", "old");
  fs::permissions(dir.path(), fs::perms::owner_read | fs::perms::owner_exec);

  EXPECT_THAT(capsule_error_of([&] { check_writable(file); }), HasSubstr("Permission denied"));
  EXPECT_THAT(capsule_error_of([&] { write_file_atomically(file, "new"); }),
              HasSubstr("cannot create a file beside it: Permission denied"));

  fs::permissions(dir.path(), fs::perms::owner_all);
  EXPECT_EQ(content_of(file), "old");
}

TEST(CheckWritable, AcceptsANewAndAnOldFileAndTouchesNeither) {
  const TempDir dir;
  const fs::path old = dir.write("old.json", "old");

  check_writable(old);
  check_writable(dir / "new.json");

  EXPECT_EQ(content_of(old), "old");
  EXPECT_EQ(files_in(dir.path()), 1);
}

TEST(CheckWritable, RefusesWhatCannotBeReplaced) {
  const TempDir dir;
  const fs::path file = dir.write("a.json", "old");

  EXPECT_THAT(capsule_error_of([&] { check_writable(dir.path()); }), HasSubstr("is a folder"));
  EXPECT_THAT(capsule_error_of([&] { check_writable(dir / "none/a.json"); }),
              HasSubstr("cannot find its folder: No such file or directory"));
  EXPECT_THAT(capsule_error_of([&] { check_writable(file / "b.json"); }),
              HasSubstr("Not a directory"));
  EXPECT_THAT(capsule_error_of([&] { check_writable("/dev/null"); }),
              HasSubstr("is no regular file"));
  EXPECT_THAT(capsule_error_of([&] { check_writable(""); }), HasSubstr("names no file"));
  EXPECT_EQ(files_in(dir.path()), 1);
}

TEST(CheckWritable, RefusesALoopOfLinks) {
  const TempDir dir;
  fs::create_symlink("b.json", dir / "a.json");
  fs::create_symlink("a.json", dir / "b.json");

  EXPECT_THAT(capsule_error_of([&] { check_writable(dir / "a.json"); }),
              HasSubstr("symbolic links"));
}

}  // namespace
}  // namespace fidelio
