// Parsers of /proc/cpuinfo, os-release and their like. Lines they do not know are skipped: these
// files differ by kernel and gain lines with every release.
#include "capsules/environment_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <utility>

namespace fidelio {
namespace {

using CodeName = std::pair<std::string_view, std::string_view>;

/// Names that matter to kernels. One list an architecture: "sme" is a matrix unit on Arm, memory
/// encryption on x86.
struct IsaNames {
  std::array<std::string_view, 8> flags;
  std::array<std::string_view, 4> prefixes;  ///< unused ones match nothing
};
constexpr std::string_view kNone = " ";  // stands in no flag
constexpr IsaNames kX86Isa = {{"avx", "avx2", "bmi2", "f16c", "fma", "fma4", "sse4_2", "ssse3"},
                              {"amx_", "avx10", "avx512", "avx_"}};
constexpr IsaNames kArmIsa = {
    {"asimd", "asimddp", "asimdfhm", "asimdhp", "bf16", "fcma", "fphp", "i8mm"},
    {"sme", "sve", kNone, kNone}};
/// "CPU implementer" of Arm: MIDR_EL1, bits 31 to 24.
constexpr std::array kArmVendors = {
    CodeName("0x41", "ARM"),     CodeName("0x42", "Broadcom"),  CodeName("0x43", "Cavium"),
    CodeName("0x46", "Fujitsu"), CodeName("0x48", "HiSilicon"), CodeName("0x4e", "NVIDIA"),
    CodeName("0x50", "APM"),     CodeName("0x51", "Qualcomm"),  CodeName("0x53", "Samsung"),
    CodeName("0x61", "Apple"),   CodeName("0x6d", "Microsoft"), CodeName("0xc0", "Ampere"),
};
/// "CPU part" of Arm's own cores.
constexpr std::array kArmParts = {
    CodeName("0xd03", "Cortex-A53"),  CodeName("0xd05", "Cortex-A55"),
    CodeName("0xd07", "Cortex-A57"),  CodeName("0xd08", "Cortex-A72"),
    CodeName("0xd0b", "Cortex-A76"),  CodeName("0xd0c", "Neoverse-N1"),
    CodeName("0xd40", "Neoverse-V1"), CodeName("0xd41", "Cortex-A78"),
    CodeName("0xd44", "Cortex-X1"),   CodeName("0xd49", "Neoverse-N2"),
    CodeName("0xd4f", "Neoverse-V2"),
};
constexpr std::array kHypervisors = {
    CodeName("KVMKVMKVM", "KVM"),           CodeName("Microsoft Hv", "Hyper-V"),
    CodeName("VMwareVMware", "VMware"),     CodeName("XenVMMXenVMM", "Xen"),
    CodeName("TCGTCGTCGTCG", "QEMU"),       CodeName("bhyve bhyve ", "bhyve"),
    CodeName("VBoxVBoxVBox", "VirtualBox"), CodeName("ACRNACRNACRN", "ACRN"),
};

template <class Table>
std::string_view look_up(const Table& table, std::string_view key) {
  for (const CodeName& entry : table)
    if (entry.first == key) return entry.second;
  return {};
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

/// A line's two sides, trimmed; both empty without the separator.
CodeName split(std::string_view line, char separator) {
  const std::size_t at = line.find(separator);
  if (at == std::string_view::npos) return {};
  return {trim(line.substr(0, at)), trim(line.substr(at + 1))};
}

bool matters(const IsaNames& names, std::string_view flag) {
  return std::find(names.flags.begin(), names.flags.end(), flag) != names.flags.end() ||
         std::any_of(names.prefixes.begin(), names.prefixes.end(),
                     [flag](std::string_view prefix) { return flag.starts_with(prefix); });
}

void read_flags(const IsaNames& names, std::string_view flags, CpuInfo& info) {
  std::set<std::string> isa;
  while (!(flags = trim(flags)).empty()) {
    const std::string_view flag = flags.substr(0, flags.find(' '));
    flags.remove_prefix(flag.size());
    if (matters(names, flag)) isa.emplace(flag);
    if (flag == "hypervisor") info.hypervisor = true;
  }
  info.isa.assign(isa.begin(), isa.end());
}

void name_arm_core(std::string_view implementer, std::string_view part, CpuInfo& info) {
  if (implementer.empty()) return;
  const std::string_view vendor = look_up(kArmVendors, implementer);
  if (info.vendor.empty()) info.vendor = vendor.empty() ? implementer : vendor;
  if (!info.model.empty()) return;
  const std::string_view core = vendor == "ARM" ? look_up(kArmParts, part) : std::string_view();
  info.model = core.empty() ? fmt::format("{} part {}", info.vendor, part) : std::string(core);
}

/// os-release values may stand in quotes, with a backslash before a special character.
std::string unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front())
    value = value.substr(1, value.size() - 2);
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    plain += value[i];
  }
  return plain;
}

}  // namespace

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

CpuInfo parse_cpuinfo(std::string_view text) {
  CpuInfo info;
  std::string_view implementer, part, package;
  std::set<std::string_view> packages;
  std::set<CodeName> cores;
  while (!text.empty()) {
    const auto [key, value] = split(next_line(text), ':');
    if (key == "processor") ++info.logical_cpus;
    if (key == "model name" && info.model.empty()) info.model = value;
    if (key == "vendor_id" && info.vendor.empty()) info.vendor = value;
    if (key == "CPU implementer" && implementer.empty()) implementer = value;
    if (key == "CPU part" && part.empty()) part = value;
    if (key == "flags" && info.isa.empty()) read_flags(kX86Isa, value, info);
    if (key == "Features" && info.isa.empty()) read_flags(kArmIsa, value, info);
    if (key == "physical id") packages.insert(package = value);
    if (key == "core id") cores.emplace(package, value);
  }
  name_arm_core(implementer, part, info);
  info.sockets = static_cast<std::int64_t>(packages.size());
  info.cores = static_cast<std::int64_t>(cores.size());
  return info;
}

std::string parse_os_release(std::string_view text) {
  std::string pretty, name, version;
  while (!text.empty()) {
    const auto [key, value] = split(next_line(text), '=');
    if (key == "PRETTY_NAME") pretty = unquoted(value);
    if (key == "NAME") name = unquoted(value);
    if (key == "VERSION_ID") version = unquoted(value);
  }
  if (!pretty.empty()) return pretty;
  return version.empty() ? name : name + " " + version;
}

std::string colon_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto [found, value] = split(next_line(text), ':');
    if (!key.empty() && found == key) return std::string(value);
  }
  return "";
}

std::int64_t parse_bytes(std::string_view text) {
  text = trim(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return 0;
  const std::string_view unit =
      trim({end, static_cast<std::size_t>(text.data() + text.size() - end)});
  int shift = 0;
  if (unit == "K" || unit == "kB") {
    shift = 10;
  } else if (unit == "M" || unit == "MB") {
    shift = 20;
  } else if (unit == "G" || unit == "GB") {
    shift = 30;
  } else if (!unit.empty()) {
    return 0;
  }
  return number > (std::numeric_limits<std::int64_t>::max() >> shift) ? 0 : number << shift;
}

std::string hypervisor_name(std::string_view signature) {
  while (!signature.empty() && signature.back() == '\0') signature.remove_suffix(1);
  return std::string(look_up(kHypervisors, signature));
}

}  // namespace fidelio
