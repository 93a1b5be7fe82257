// Any bytes as a capsule: an error, or a record that is judged, reported, and written so that it
// reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "capsules/capsule_error.h"
#include "capsules/json.h"
#include "capsules/report.h"
#include "capsules/verdict.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    fidelio::Record record = fidelio::from_json(text, "capsule.json");
    record.verdict = fidelio::judge(record);
    const std::string written = fidelio::to_json(record);
    if (fidelio::to_json(fidelio::from_json(written, "again.json")) != written) std::abort();
    fidelio::text_report({record}, false);
    fidelio::markdown_report({record});
    fidelio::csv_report({record});
  } catch (const fidelio::CapsuleError&) {
  }
  return 0;
}
