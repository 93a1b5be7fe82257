// Where the system keeps its facts; what their text means is environment_text.cc's business.
// Nothing here throws: a container may hide any of these files.
#include "capsules/environment.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "capsules/environment_text.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace fidelio {
namespace {

namespace fs = std::filesystem;

std::string line_of(const fs::path& file) {
  const std::string text = text_of(file);
  return std::string(trim(text));
}

/// The folders in `folder` named `prefix` and a number, in the order of the numbers.
std::vector<fs::path> numbered(const fs::path& folder, std::string_view prefix) {
  std::vector<std::pair<unsigned long, fs::path>> found;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const std::string number = name.substr(prefix.size());
    if (number.empty() || number.size() > 9) continue;
    if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    found.emplace_back(std::stoul(number), entry->path());
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> paths;
  paths.reserve(found.size());
  for (auto& [number, path] : found) paths.push_back(std::move(path));
  return paths;
}

/// "L1d", "L2", ... of the first CPU.
std::vector<CacheRecord> read_caches(const fs::path& cpu0) {
  std::vector<CacheRecord> caches;
  for (const fs::path& index : numbered(cpu0 / "cache", "index")) {
    const std::string level = line_of(index / "level");
    const std::string type = line_of(index / "type");
    const std::int64_t bytes = parse_bytes(line_of(index / "size"));
    if (level.empty() || bytes == 0) continue;
    const char* suffix = type == "Data" ? "d" : type == "Instruction" ? "i" : "";
    caches.push_back({"L" + level + suffix, bytes});
  }
  return caches;
}

/// Sockets, cores and governor from /sys, which counts rightly on Arm too; `hardware` keeps what
/// /proc/cpuinfo said where /sys says nothing.
void read_cpus(const fs::path& cpus, HardwareRecord& hardware) {
  std::set<std::string> packages, cores, governors;
  for (const fs::path& cpu : numbered(cpus, "cpu")) {
    const fs::path topology = cpu / "topology";
    std::string core = line_of(topology / "core_cpus_list");
    std::string package = line_of(topology / "package_cpus_list");
    if (core.empty()) core = line_of(topology / "thread_siblings_list");  // before Linux 5.3
    if (package.empty()) package = line_of(topology / "core_siblings_list");
    if (!core.empty()) cores.insert(core);
    if (!package.empty()) packages.insert(package);
    const std::string governor = line_of(cpu / "cpufreq/scaling_governor");
    if (!governor.empty()) governors.insert(governor);
  }
  if (!cores.empty()) hardware.cores = static_cast<std::int64_t>(cores.size());
  if (!packages.empty()) hardware.sockets = static_cast<std::int64_t>(packages.size());
  for (const std::string& governor : governors)
    hardware.governor += (hardware.governor.empty() ? "" : ", ") + governor;
}

/// The hypervisor's signature of this processor; only asked where the flag says there is one.
std::string cpuid_signature() {
#if defined(__x86_64__) || defined(__i386__)
  unsigned a = 0, words[3] = {};
  __cpuid(0x40000000U, a, words[0], words[1], words[2]);
  std::string signature(sizeof(words), '\0');
  std::memcpy(signature.data(), words, sizeof(words));
  return signature;
#else
  return "";
#endif
}

std::string read_hypervisor(const fs::path& root, bool flag) {
  std::string name;
  if (flag && root == "/") name = hypervisor_name(cpuid_signature());
  if (name.empty()) name = line_of(root / "sys/hypervisor/type");
  if (name.empty()) {  // Arm, from the device tree: "linux,kvm"
    name = line_of(root / "proc/device-tree/hypervisor/compatible");
    name.resize(std::min(name.size(), name.find('\0')));  // several names, each ended by a NUL
  }
  if (name.empty() && flag) name = "unknown";
  if (name.empty()) return "";
  const std::string vendor = line_of(root / "sys/class/dmi/id/sys_vendor");
  return vendor.empty() ? name : name + ", " + vendor;
}

std::vector<std::string> read_gpus(const fs::path& gpus) {
  std::vector<std::string> models;
  std::error_code error;
  fs::directory_iterator entry(gpus, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string model = colon_value(text_of(entry->path() / "information"), "Model");
    if (!model.empty()) models.push_back(std::move(model));
  }
  std::sort(models.begin(), models.end());
  return models;
}

}  // namespace

HardwareRecord read_hardware(const fs::path& root) {
  CpuInfo cpu = parse_cpuinfo(text_of(root / "proc/cpuinfo"));
  HardwareRecord hardware;
  utsname name{};
  if (::uname(&name) == 0) hardware.architecture = name.machine;
  hardware.cpu_model = std::move(cpu.model);
  hardware.cpu_vendor = std::move(cpu.vendor);
  hardware.sockets = cpu.sockets;
  hardware.cores = cpu.cores;
  hardware.logical_cpus = cpu.logical_cpus;
  hardware.isa = std::move(cpu.isa);
  const fs::path cpus = root / "sys/devices/system/cpu";
  read_cpus(cpus, hardware);
  hardware.caches = read_caches(cpus / "cpu0");
  hardware.memory_bytes = parse_bytes(colon_value(text_of(root / "proc/meminfo"), "MemTotal"));
  hardware.numa_nodes =
      static_cast<std::int64_t>(numbered(root / "sys/devices/system/node", "node").size());
  hardware.hypervisor = read_hypervisor(root, cpu.hypervisor);
  hardware.gpus = read_gpus(root / "proc/driver/nvidia/gpus");
  return hardware;
}

SystemRecord read_system(const fs::path& root) {
  SystemRecord system;
  system.os = parse_os_release(text_of(root / "etc/os-release"));
  if (system.os.empty()) system.os = parse_os_release(text_of(root / "usr/lib/os-release"));
  utsname name{};
  if (::uname(&name) != 0) return system;
  if (system.os.empty()) system.os = name.sysname;
  system.kernel = name.release;
  return system;
}

}  // namespace fidelio
