#include "validate/op_checks/guarded_memory.h"

#include <algorithm>
#include <cstring>

namespace fidelio {
namespace {

constexpr std::size_t kBoundary = 64;
constexpr std::size_t kGuard = 128;  // two of the widest vectors
constexpr std::uint32_t kGuardPattern = 0x7FDEADBEU;
// Not kUnwritten: a result that kept its payload would be taken for none.
constexpr std::uint32_t kUnsetWorkspace = 0x7FDB0B0BU;

/// Byte i of a repeated 4-byte pattern.
std::byte pattern_byte(std::uint32_t pattern, std::size_t i) {
  return static_cast<std::byte>(pattern >> (8 * (i % 4)) & 0xFFU);
}

void fill(std::byte* from, std::size_t bytes, std::uint32_t pattern) {
  for (std::size_t i = 0; i < bytes; ++i) from[i] = pattern_byte(pattern, i);
}

/// The first byte that is not the pattern's, or `bytes`.
std::size_t first_difference(const std::byte* from, std::size_t bytes, std::uint32_t pattern) {
  std::size_t i = 0;
  while (i < bytes && from[i] == pattern_byte(pattern, i)) ++i;
  return i;
}

}  // namespace

std::byte* GuardedMemory::add(const std::string& name, Role role, std::size_t bytes,
                              std::size_t offset) {
  Block& block = blocks_.emplace_back();
  block.name = name;
  block.role = role;
  block.bytes = bytes;
  block.memory.resize(kBoundary + kGuard + offset + bytes + kGuard);
  const auto address = reinterpret_cast<std::uintptr_t>(block.memory.data());
  block.data =
      block.memory.data() + (kBoundary - address % kBoundary) % kBoundary + kGuard + offset;
  return block.data;
}

void GuardedMemory::seal() {
  for (Block& block : blocks_) {
    if (block.role == Role::input || block.role == Role::in_out)
      block.sealed.assign(block.data, block.data + block.bytes);
  }
  restore();
}

void GuardedMemory::restore() {
  for (Block& block : blocks_) {
    fill(block.data - kGuard, kGuard, kGuardPattern);
    fill(block.data + block.bytes, kGuard, kGuardPattern);
    if (block.role == Role::output) {
      fill(block.data, block.bytes, kUnwritten);
    } else if (block.role == Role::workspace) {
      fill(block.data, block.bytes, kUnsetWorkspace);
    } else {
      std::copy(block.sealed.begin(), block.sealed.end(), block.data);
    }
  }
}

void GuardedMemory::restore_workspace() {
  for (Block& block : blocks_) {
    if (block.role == Role::workspace) fill(block.data, block.bytes, kUnsetWorkspace);
  }
}

std::optional<GuardedMemory::Damage> GuardedMemory::broken_guard() const {
  for (const Block& block : blocks_) {
    const std::size_t before = first_difference(block.data - kGuard, kGuard, kGuardPattern);
    if (before < kGuard) {
      return Damage{block.name,
                    static_cast<std::ptrdiff_t>(before) - static_cast<std::ptrdiff_t>(kGuard)};
    }
    const std::size_t behind = first_difference(block.data + block.bytes, kGuard, kGuardPattern);
    if (behind < kGuard)
      return Damage{block.name, static_cast<std::ptrdiff_t>(block.bytes + behind)};
  }
  return std::nullopt;
}

std::optional<GuardedMemory::Damage> GuardedMemory::changed_input() const {
  for (const Block& block : blocks_) {
    if (block.role != Role::input) continue;
    const auto different = std::mismatch(block.sealed.begin(), block.sealed.end(), block.data);
    if (different.first != block.sealed.end())
      return Damage{block.name, different.first - block.sealed.begin()};
  }
  return std::nullopt;
}

}  // namespace fidelio
