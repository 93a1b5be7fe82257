#include "validate/synth/write_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "core/quote.h"
#include "core/user_error.h"
#include "validate/interrupt.h"
#include "validate/synth/random_words.h"
#include "validate/synth/staged_files.h"

namespace fidelio::synth {
namespace {

/// Divisible by every unit, so that pieces begin at units: 18, 34, 210 and 17 bytes among them.
constexpr std::size_t kPieceBytes = std::size_t{18} * 17 * 210 * 64;  // 4.1 MB
static_assert(kPieceBytes % 18 == 0 && kPieceBytes % 34 == 0 && kPieceBytes % 210 == 0 &&
              kPieceBytes % 17 == 0 && kPieceBytes % 16 == 0);

double gigabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e9; }

/// A part of a tensor that one thread makes and writes.
struct Piece {
  std::size_t file = 0;
  const PlannedFile::Placed* placed = nullptr;
  std::uint64_t begin = 0;  ///< in the tensor
};

std::vector<Piece> pieces_of(const std::vector<PlannedFile>& files) {
  std::vector<Piece> pieces;
  for (std::size_t file = 0; file < files.size(); ++file) {
    for (const PlannedFile::Placed& placed : files[file].tensors) {
      for (std::uint64_t at = 0; at < placed.tensor.bytes; at += kPieceBytes)
        pieces.push_back({file, &placed, at});
    }
  }
  return pieces;
}

/// The threads' common state: who takes which piece, and the first failure.
class Writing {
 public:
  Writing(const StagedFiles& staged, const std::vector<Piece>& pieces, std::uint64_t seed)
      : staged_(staged), pieces_(pieces), seed_(seed) {}

  /// Works until nothing is left or somebody failed; `after` is called after each piece.
  template <class After>
  void work(const After& after) {
    std::vector<std::byte> buffer(kPieceBytes);
    for (std::size_t i = next_++; i < pieces_.size() && !failed_; i = next_++) {
      try {
        write(pieces_[i], buffer);
        after();
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failed_) failure_ = std::current_exception();
        failed_ = true;
      }
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void write(const Piece& piece, std::vector<std::byte>& buffer) const {
    const StoredTensor& tensor = piece.placed->tensor;
    const std::size_t bytes = std::min<std::uint64_t>(kPieceBytes, tensor.bytes - piece.begin);
    const std::span<std::byte> out = std::span(buffer).first(bytes);
    fill(tensor.content, stream_key(tensor.stream, seed_),
         piece.begin / unit_of(tensor.content.encoding).bytes, out);
    staged_.write(piece.file, piece.placed->offset + piece.begin, out);
  }

  const StagedFiles& staged_;
  const std::vector<Piece>& pieces_;
  const std::uint64_t seed_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

void write_pieces(const StagedFiles& staged, const std::vector<Piece>& pieces, std::uint64_t seed,
                  std::size_t n_threads, Progress& progress) {
  Writing writing(staged, pieces, seed);
  std::vector<std::thread> others;
  std::atomic<std::int64_t> done{0};
  for (std::size_t i = 1; i < n_threads; ++i)
    others.emplace_back([&] { writing.work([&] { ++done; }); });
  std::int64_t shown = 0;
  writing.work([&] {  // progress and interruptions are this thread's
    const std::int64_t now = ++done;
    progress.advance(now - shown);
    shown = now;
    stop_if_interrupted();
  });
  for (std::thread& other : others) other.join();
  writing.rethrow();
}

}  // namespace

void require_space(const std::filesystem::path& folder, const std::vector<PlannedFile>& files,
                   std::optional<std::uint64_t> available_bytes) {
  std::filesystem::path existing = std::filesystem::absolute(folder).lexically_normal();
  if (!existing.has_filename()) existing = existing.parent_path();
  if (!std::filesystem::exists(existing)) existing = existing.parent_path();
  if (!available_bytes) {
    std::error_code error;
    available_bytes = std::filesystem::space(existing, error).available;
    if (error) return;  // the system does not say; writing will
  }
  const std::uint64_t needed = total_bytes(files);
  if (needed <= *available_bytes) return;
  std::uint64_t weights = 0;
  for (const PlannedFile& file : files)
    for (const PlannedFile::Placed& placed : file.tensors) weights += placed.tensor.bytes;
  throw UserError(fmt::format(
      "{}: found {:.2f} GB free, expected {:.2f} GB: {:.2f} GB of weights + {:.2f} MB of headers, "
      "index and config, in {} files",
      path_text(existing), gigabytes(*available_bytes), gigabytes(needed), gigabytes(weights),
      1000 * gigabytes(needed - weights), files.size()));
}

std::int64_t write_work(const std::vector<PlannedFile>& files) {
  return static_cast<std::int64_t>(pieces_of(files).size());
}

void write_files(const std::filesystem::path& folder, const std::vector<PlannedFile>& files,
                 std::uint64_t seed, std::size_t n_threads, Progress& progress) {
  StagedFiles staged(folder);
  for (const PlannedFile& file : files) {
    const std::size_t index = staged.add(file.name, file.bytes);
    staged.write(index, 0, std::as_bytes(std::span(file.head)));
  }
  progress.phase("writing");
  write_pieces(staged, pieces_of(files), seed, n_threads, progress);
  progress.phase("waiting for the disk");
  for (std::size_t file = 0; file < files.size(); ++file) {
    stop_if_interrupted();
    staged.sync(file);
  }
  staged.commit();
}

}  // namespace fidelio::synth
