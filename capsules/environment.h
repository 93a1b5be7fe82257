// The machine a validation ran on, as far as its system tells: for the reader of a capsule who asks
// whether two of them may be compared. No host, user or device serial is read.
#pragma once

#include <filesystem>

#include "capsules/record.h"

namespace fidelio {

/// From /proc and /sys under `root` (another root: tests). What is not there stays empty or 0;
/// `vector_target` is left to the caller, who knows which kernels ran. `hypervisor` joins what
/// virtualises and who sells it: "KVM, Amazon EC2".
HardwareRecord read_hardware(const std::filesystem::path& root = "/");

/// Distribution and kernel release.
SystemRecord read_system(const std::filesystem::path& root = "/");

}  // namespace fidelio
