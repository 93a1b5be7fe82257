// How much memory a process may still use: what the system calls available, and the limits of the
// control groups around it. What a model needs is validate/memory_need.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace fidelio {

/// Bytes; page cache counts as available, for it is given up when memory is asked for. Nothing
/// where the system does not say. `root` is the root of the file system, another one in tests.
/// Sources: proc(5), cgroups(7), the kernel's cgroup-v2 and cgroup-v1/memory documentation.
std::optional<std::uint64_t> available_memory(const std::filesystem::path& root = "/");

}  // namespace fidelio
