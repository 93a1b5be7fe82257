// validate report: capsules in, text out.
#include <unistd.h>

#include <cstdio>

#include "capsules/json.h"
#include "capsules/report.h"
#include "validate/commands.h"

namespace fidelio {

int report_command(const ReportOptions& options) {
  std::vector<Record> records;
  std::vector<std::string> names;
  for (const std::filesystem::path& path : options.capsules) {
    records.push_back(read_capsule(path));
    names.push_back(path.filename().string());
  }
  std::string text;
  if (options.format == "markdown") {
    text = markdown_report(records);
  } else if (options.format == "csv") {
    text = csv_report(records);
  } else if (options.format == "html") {
    text = html_report(records, names);
  } else {
    text = text_report(records, isatty(STDOUT_FILENO) == 1);
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace fidelio
