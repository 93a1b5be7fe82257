// What the system's text files say about processor, system and devices, as pure functions of their
// text. Which files these are is environment.cc's and run_accounting.cc's business. Internal to
// capsules/ and its tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fidelio {

/// Of /proc/cpuinfo; what it does not say is empty or 0.
struct CpuInfo {
  std::string model;
  std::string vendor;
  std::vector<std::string> isa;  ///< the first CPU's flags that matter to kernels, sorted
  bool hypervisor = false;       ///< the x86 flag of that name
  std::int64_t sockets = 0;
  std::int64_t cores = 0;
  std::int64_t logical_cpus = 0;
};

/// x86 names model and vendor; Arm gives numbers, which are named where they are known.
CpuInfo parse_cpuinfo(std::string_view text);

/// PRETTY_NAME of os-release(5), else NAME and VERSION_ID, else "".
std::string parse_os_release(std::string_view text);

/// The value after `key` and a colon ("MemTotal", "Model"), trimmed; "" without such a line.
std::string colon_value(std::string_view text, std::string_view key);

/// "48K", "32M", "16384 kB" or "512" as bytes; 0 for other text.
std::int64_t parse_bytes(std::string_view text);

/// "KVM" for the twelve bytes "KVMKVMKVM\0\0\0" of CPUID leaf 0x40000000; "" for unknown ones.
std::string hypervisor_name(std::string_view signature);

/// All of a file of /proc or /sys; "" when it is missing or cannot be read.
std::string text_of(const std::filesystem::path& file);

/// Without white space at both ends.
std::string_view trim(std::string_view text);

}  // namespace fidelio
