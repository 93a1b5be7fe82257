// Where and by what a record was made.
#include <fmt/format.h>

#include "capsules/report_sections.h"

namespace fidelio {

ReportSection environment_section(const Record& record) {
  const HardwareRecord& hw = record.hardware;
  return {"Environment",
          {fmt::format("{}, {} of {} processors, kernels {}, {}", hw.cpu_model,
                       record.options.threads, hw.logical_cpus, hw.vector_target,
                       bytes_text(static_cast<double>(hw.memory_bytes))),
           fmt::format("{}, Linux {}, {}, {}", record.system.os, record.system.kernel,
                       record.program.compiler, record.program.build_type),
           fmt::format("Fidelio {} {}{}, numerics version {}", record.program.version,
                       record.program.git_commit.substr(0, 12),
                       record.program.git_dirty ? " (modified)" : "", record.numerics_version),
           fmt::format("{} ({}), {}, weights {} xxh3 {}", record.model.id, record.model.model_type,
                       record.model.quantization,
                       bytes_text(static_cast<double>(record.model.weights_bytes)),
                       record.model.weights_xxh3_128)},
          {}};
}

}  // namespace fidelio
