// Files that appear all together or not at all: written as NAME.part, renamed when all are complete
// and on the disk, removed otherwise. What they hold is the caller's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace fidelio::synth {

class StagedFiles {
 public:
  /// Makes `folder` where it does not exist. Throws UserError when it is no folder or cannot be
  /// made.
  explicit StagedFiles(std::filesystem::path folder);
  /// Removes what was not committed, and the folder if it was made here.
  ~StagedFiles();
  StagedFiles(const StagedFiles&) = delete;
  StagedFiles& operator=(const StagedFiles&) = delete;

  /// A new file of `bytes`, reserved on the disk where the file system can. Throws UserError:
  /// NAME.part cannot be made, no space.
  std::size_t add(const std::string& name, std::uint64_t bytes);

  /// May be called from several threads for different parts. Throws UserError.
  void write(std::size_t file, std::uint64_t offset, std::span<const std::byte> bytes) const;

  /// Waits until the file's bytes are on the disk.
  void sync(std::size_t file) const;

  /// Gives all files their names, in the order of add().
  void commit();

 private:
  struct File {
    std::filesystem::path path;  ///< its name in the end
    std::filesystem::path part;
    int fd = -1;
  };
  void close_all();

  std::filesystem::path folder_;
  bool made_folder_ = false;
  std::vector<File> files_;
};

}  // namespace fidelio::synth
