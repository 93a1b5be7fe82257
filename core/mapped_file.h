// A regular file as read-only memory: mapped, or read into memory of our own. What the bytes mean
// belongs to the readers (core/safetensors.h, ...).
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace fidelio {

/// How a file's bytes come into memory.
enum class LoadMode {
  mmap,  ///< pages of the file itself, shared with the page cache and read when first touched
  read,  ///< a copy in anonymous memory, read in full before open() returns
};

/// Owns a mapping; move only. The bytes stay valid and in place until the last owner is destroyed.
///
/// The size is taken once, when the file is opened. A file that another process truncates
/// afterwards makes a read past its new end raise SIGBUS; no reader of a shared mapping can prevent
/// that, and we do not try.
class MappedFile {
 public:
  /// Throws UserError when `path` is missing, unreadable, no regular file, or (LoadMode::read)
  /// becomes shorter meanwhile. An empty file has no bytes. With LoadMode::read the bytes start on
  /// a page, and 64 readable bytes of zero follow them.
  static MappedFile open(const std::filesystem::path& path, LoadMode mode = LoadMode::mmap);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const std::filesystem::path& path() const { return path_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  /// Asks the kernel to start reading the whole file into the page cache; returns at once. A hint:
  /// errors are ignored.
  void prefetch() const;

 private:
  MappedFile(std::filesystem::path path, std::span<const std::byte> bytes,
             std::size_t mapped_bytes);

  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
  std::size_t mapped_bytes_ = 0;  ///< of the mapping that starts where bytes_ do
};

/// The whole of a small text file. Throws UserError as MappedFile::open does, and above
/// `max_bytes`.
std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace fidelio
