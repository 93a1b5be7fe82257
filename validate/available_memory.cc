#include "validate/available_memory.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace fidelio {
namespace {

namespace fs = std::filesystem;
using Bytes = std::optional<std::uint64_t>;

/// The number of a line "KEY NUMBER" or "KEY: NUMBER kB".
Bytes number_of(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t number = 0;
    std::string unit;
    if (!(words >> name >> number)) continue;
    if (name != key && name != key + ":") continue;
    return words >> unit && unit == "kB" ? number * 1024 : number;
  }
  return std::nullopt;
}

/// A file of one number; nothing for "max".
Bytes number_in(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t number = 0;
  if (in >> number) return number;
  return std::nullopt;
}

/// How the two versions of control groups name the same things.
struct Version {
  const char* mount;
  const char* limit;
  const char* usage;
  const char* inactive_file;
  const char* active_file;
};
constexpr Version kV1 = {"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                         "total_inactive_file", "total_active_file"};
constexpr Version kV2 = {"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file",
                         "active_file"};

/// What the limit of one group leaves.
Bytes left_in(const fs::path& group, const Version& version) {
  const Bytes limit = number_in(group / version.limit);
  const Bytes usage = number_in(group / version.usage);
  if (!limit || !usage) return std::nullopt;
  const fs::path stat = group / "memory.stat";
  const std::uint64_t cache = number_of(stat, version.inactive_file).value_or(0) +
                              number_of(stat, version.active_file).value_or(0);
  const std::uint64_t held = *usage - std::min(cache, *usage);
  return *limit - std::min(held, *limit);
}

void lower(Bytes& least, Bytes other) {
  if (other && (!least || *other < *least)) least = other;
}

/// Of the group and all those around it. In a container the path may not exist, but its root does.
Bytes left_in_groups(const fs::path& root, std::string path, const Version& version) {
  Bytes least;
  for (;;) {
    lower(least, left_in(root / version.mount / fs::path(path).relative_path(), version));
    const std::size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) break;
    path.resize(slash);
  }
  return least;
}

/// Of a line of /proc/self/cgroup: "5:cpu,memory:/path" (version 1) or "0::/path" (version 2).
Bytes left_by_line(const fs::path& root, const std::string& line) {
  const std::size_t first = line.find(':');
  const std::size_t second = line.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
  const std::string path = line.substr(second + 1);
  if (controllers == ",,") return left_in_groups(root, path, kV2);
  if (controllers.find(",memory,") == std::string::npos) return std::nullopt;
  return left_in_groups(root, path, kV1);
}

}  // namespace

Bytes available_memory(const fs::path& root) {
  Bytes least = number_of(root / "proc/meminfo", "MemAvailable");
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) lower(least, left_by_line(root, line));
  return least;
}

}  // namespace fidelio
