// Asks xmllint (Debian: libxml2-utils) whether a document is well-formed, and whether a schema
// accepts it.
#pragma once

#include <string>
#include <vector>

#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {

/// "" where the document passes, else xmllint's complaint. `schema` is a path; without one the
/// document need only be well-formed.
inline std::string xmllint_complaint(const std::string& document, const std::string& schema = "") {
  const TempDir folder;
  folder.write("document.xml", document);
  std::vector<std::string> line = {FIDELIO_XMLLINT, "--noout", "--nonet"};
  if (!schema.empty()) line.insert(line.end(), {"--schema", schema});
  line.emplace_back("document.xml");
  const ProcessResult result = Process(line, folder.path()).wait();
  return result.exit_code == 0 ? "" : "xmllint: " + result.err;
}

}  // namespace fidelio::testing

/// A test that needs xmllint is skipped, visibly, on a machine that was set up without it.
#define FIDELIO_XMLLINT_OR_SKIP()                                         \
  if (std::string(FIDELIO_XMLLINT).find("NOTFOUND") != std::string::npos) \
  GTEST_SKIP() << "no xmllint"
