// What a reader of capsules may rely on beyond the type of each field.
#include "capsules/json_check.h"

#include <fmt/format.h>

#include <cstdint>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include "capsules/capsule_error.h"

namespace fidelio {
namespace {

class SectionCheck {
 public:
  SectionCheck(const Record& record, const std::string& where) : record_(record), where_(where) {}

  template <class Entry>
  void prompts(const std::vector<Entry>& entries, const char* section) const {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].prompt >= static_cast<std::int64_t>(record_.prompts.size()))
        refuse(section, i, "prompt", entries[i].prompt,
               fmt::format("an index into the {} prompts", record_.prompts.size()));
    }
  }

  void runs() const {
    std::int64_t last = -1;
    std::set<std::tuple<std::int64_t, std::int64_t, std::string_view>> seen;
    for (std::size_t i = 0; i < record_.runs.size(); ++i) {
      const RunRecord& run = record_.runs[i];
      if (run.order <= last)
        refuse("runs", i, "order", run.order, fmt::format("an integer above {}", last));
      last = run.order;
      if (run.pair >= 0 && !seen.emplace(run.prompt, run.pair, run.arm).second)
        refuse("runs", i, "pair", run.pair,
               fmt::format("one {} run of prompt {} in it", run.arm, run.prompt));
    }
  }

  void comparisons() const {
    for (std::size_t i = 0; i < record_.comparisons.size(); ++i) {
      const ComparisonRecord& comparison = record_.comparisons[i];
      const std::string expected =
          fmt::format("at most the {} positions compared", comparison.positions);
      if (comparison.differing_positions > comparison.positions)
        refuse("comparisons", i, "differing_positions", comparison.differing_positions, expected);
      if (comparison.argmax_changes > comparison.positions)
        refuse("comparisons", i, "argmax_changes", comparison.argmax_changes, expected);
    }
  }

 private:
  [[noreturn]] void refuse(const char* section, std::size_t index, const char* key,
                           std::int64_t found, const std::string& expected) const {
    throw CapsuleError(fmt::format("{}: $.{}[{}].{}: found {}, expected {}", where_, section, index,
                                   key, found, expected));
  }

  const Record& record_;
  const std::string& where_;
};

}  // namespace

void check_sections(const Record& record, const std::string& where) {
  const SectionCheck check(record, where);
  check.prompts(record.generations, "generations");
  check.prompts(record.comparisons, "comparisons");
  check.prompts(record.faults, "faults");
  check.prompts(record.runs, "runs");
  check.prompts(record.evidence, "evidence");
  check.runs();
  check.comparisons();
}

}  // namespace fidelio
