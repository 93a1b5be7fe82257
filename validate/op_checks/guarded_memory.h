// The memory that a kernel under test sees: every array in an allocation of its own between guard
// bands, aligned or deliberately not, and restored before each run. Guards and unwritten outputs
// are NaN as floats, so that reading them shows in the results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace fidelio {

class GuardedMemory {
 public:
  enum class Role : std::uint8_t { input, output, in_out, workspace };

  /// `bytes` of memory `offset` bytes behind a 64-byte boundary; zero for inputs, to be filled
  /// before seal(). The address stays valid.
  std::byte* add(const std::string& name, Role role, std::size_t bytes, std::size_t offset);

  /// What inputs hold now is what every run shall find.
  void seal();
  /// Inputs as sealed, outputs and workspace never written, guards whole.
  void restore();
  /// The workspace undefined again, for the next share.
  void restore_workspace();

  /// An array that is not as a kernel must leave it, and where: a byte offset from its beginning,
  /// outside [0, bytes) for a guard band.
  struct Damage {
    std::string name;
    std::ptrdiff_t offset = 0;
  };
  std::optional<Damage> broken_guard() const;
  std::optional<Damage> changed_input() const;

  /// Four bytes of an output that nobody wrote.
  static constexpr std::uint32_t kUnwritten = 0x7FDA5A5AU;

 private:
  struct Block {
    std::string name;
    Role role;
    std::vector<std::byte> memory;
    std::byte* data;
    std::size_t bytes;
    std::vector<std::byte> sealed;
  };

  std::deque<Block> blocks_;
};

}  // namespace fidelio
