// What the patches left alone, and where and by what the capsule was made: tables of facts.
#include <fmt/format.h>

#include "capsules/html_sections.h"

namespace fidelio {
namespace {

std::string caches_text(const HardwareRecord& hw) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(hw.caches.size(), 8); ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", hw.caches[i].level,
                        bytes_text(static_cast<double>(hw.caches[i].bytes)));
  return text;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

Cells machine_rows(const Record& record) {
  const HardwareRecord& hw = record.hardware;
  return {
      {"processor", fmt::format("{}, {}", hw.cpu_model, hw.architecture)},
      {"cores", fmt::format("{} sockets, {} cores, {} logical, {} NUMA nodes", hw.sockets, hw.cores,
                            hw.logical_cpus, hw.numa_nodes)},
      {"extensions", fmt::format("{}", fmt::join(hw.isa, " "))},
      {"caches", or_dash(caches_text(hw))},
      {"memory", bytes_text(static_cast<double>(hw.memory_bytes))},
      {"governor, hypervisor", fmt::format("{}, {}", or_dash(hw.governor), or_dash(hw.hypervisor))},
      {"GPUs", or_dash(fmt::format("{}", fmt::join(hw.gpus, "; ")))},
      {"system", fmt::format("{}, Linux {}", record.system.os, record.system.kernel)}};
}

Cells program_rows(const Record& record) {
  const ProgramRecord& program = record.program;
  const ModelRecord& model = record.model;
  return {
      {"Fidelio", fmt::format("{} {}{}, numerics version {}", program.version,
                              program.git_commit.substr(0, 12),
                              program.git_dirty ? " (modified)" : "", record.numerics_version)},
      {"compiler",
       fmt::format("{}, {}, {}", program.compiler, program.build_type, program.compiler_flags)},
      {"kernels, threads",
       fmt::format("{}, {}", record.hardware.vector_target, record.options.threads)},
      {"command", fmt::format("{}", fmt::join(record.command_line, " "))},
      {"made", record.created},
      {"model", fmt::format("{}{} ({}), {}", model.id,
                            model.revision ? "@" + *model.revision : std::string(),
                            model.model_type, model.quantization)},
      {"weights", fmt::format("{}, xxh3 {}", bytes_text(static_cast<double>(model.weights_bytes)),
                              model.weights_xxh3_128)}};
}

}  // namespace

Markup refusals_part(const Record& record) {
  Cells table = {{"patch", "site", "reason", "why"}};
  for (const PatchRecord& patch : record.patches)
    for (const RefusalRecord& refusal : patch.refusals)
      table.push_back({patch.name, refusal.site, refusal.reason, refusal.detail});
  if (table.size() == 1) return {};
  return section_block("Sites left as they were", table_block(table, "Refused sites"));
}

Markup environment_part(const Record& record) {
  Cells table = {{"", ""}};
  for (const Cells& rows : {machine_rows(record), program_rows(record)})
    table.insert(table.end(), rows.begin(), rows.end());
  table[0] = {"what", "found"};
  return section_block("Environment", table_block(table, "Environment", true));
}

}  // namespace fidelio
