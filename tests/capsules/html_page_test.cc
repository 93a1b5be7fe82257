// The HTML report as a page, whatever a capsule holds: it runs and loads nothing, is bounded, has a
// number wherever one is needed, and can be read by those who do not see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>
#include <set>

#include "capsules/report.h"
#include "tests/capsules/page.h"
#include "tests/capsules/rounded_record.h"
#include "tests/support/xmllint.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kHostileHtml =
    "\"'></td></title></style><script>alert(1)</script>&\x1b[2J\xEF\xBF\xBF";

std::string hostile_page_of(const Record& record) { return html_report({record}, {kHostileHtml}); }

/// Hostile text wherever a capsule has text that a reader of capsules does not hold to a list.
Record hostile_record() {
  Record record = tie_record();
  record.created = record.interruption = record.model.id = record.model.model_type = kHostileHtml;
  record.model.quantization = record.model.weights_xxh3_128 = kHostileHtml;
  record.model.revision = kHostileHtml;
  record.command_line = record.hardware.isa = record.hardware.gpus = {kHostileHtml};
  record.hardware.cpu_model = record.hardware.architecture = record.hardware.governor =
      kHostileHtml;
  record.hardware.hypervisor = record.hardware.vector_target = kHostileHtml;
  record.hardware.caches = {{kHostileHtml, 5}};
  record.system = {kHostileHtml, kHostileHtml};
  record.program = {kHostileHtml, kHostileHtml, true, kHostileHtml, kHostileHtml, kHostileHtml};
  record.patches[0].name = kHostileHtml;
  record.patches[0].refusals = {{kHostileHtml, kHostileHtml, kHostileHtml}};
  for (SiteRecord& site : record.sites) site.site = site.op = site.patch = kHostileHtml;
  for (ComparisonRecord& c : record.comparisons)
    if (c.first_change) c.first_change->baseline_text = c.first_change->patched_text = kHostileHtml;
  record.complete = false;
  return record;
}

/// The values of all attributes that place something.
std::vector<std::string> places(const std::string& page) {
  static const std::regex attribute(
      " (?:x|y|x1|x2|y1|y2|cx|cy|width|height|points|viewBox)=\"([^\"]*)\"");
  std::vector<std::string> out;
  for (std::sregex_iterator at(page.begin(), page.end(), attribute), end; at != end; ++at)
    out.push_back((*at)[1]);
  return out;
}

std::vector<std::string> without_number(const std::string& page) {
  std::vector<std::string> out;
  for (const std::string& place : places(page))
    if (place.find_first_not_of("0123456789.,- ") != std::string::npos) out.push_back(place);
  return out;
}

TEST(HtmlPage, LetsNoTextOfACapsuleBeMarkup) {
  const std::string page = hostile_page_of(hostile_record());
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\x1b")),
                          Not(HasSubstr("\xEF\xBF\xBF"))));
  EXPECT_THAT(page, HasSubstr("&quot;&#39;&gt;&lt;/td&gt;"));
  EXPECT_EQ(count_of(page, "</style>"), 1U);
  EXPECT_EQ(count_of(page, "</title>"), count_of(page, "<title"));
}

TEST(HtmlPage, IsWellFormed) {
  FIDELIO_XMLLINT_OR_SKIP();
  for (const Record& record :
       {example_record(), full_record(), approximate_record(), hostile_record(), Record()})
    EXPECT_EQ(xmllint_complaint(hostile_page_of(record)), "");
  EXPECT_EQ(xmllint_complaint(html_report({example_record(), hostile_record()}, {"a", "b"})), "");
  std::string broken = hostile_page_of(example_record());
  broken.erase(broken.find("</h2>"), 5);
  EXPECT_NE(xmllint_complaint(broken), "");
}

TEST(HtmlPage, LoadsAndRunsNothing) {
  std::string page = hostile_page_of(tie_record());
  EXPECT_THAT(page, HasSubstr("content=\"default-src &#39;none&#39;; style-src"));
  for (std::size_t at = 0; (at = page.find("http://www.w3.org/2000/svg")) != std::string::npos;)
    page.erase(at, 26);
  for (const char* loading :
       {"http:", "https:", "src=", "url(", "@import", "<link", "<script", "onload", "javascript:"})
    EXPECT_EQ(count_of(page, loading), 0U) << loading;
}

TEST(HtmlPage, IsOfAModestSize) {
  EXPECT_LT(hostile_page_of(example_record()).size(), 200U * 1024);
  EXPECT_LT(hostile_page_of(tie_record()).size(), 200U * 1024);
}

/// Thousands of everything, and texts of a megabyte.
Record huge_record() {
  Record record = tie_record();
  const std::string text(1 << 20, 'x');
  record.model.id = record.hardware.cpu_model = record.program.compiler_flags = text;
  record.patches.resize(500, record.patches[0]);
  record.patches[0].refusals.assign(5000, {"layers.7.mlp", "shared", "why"});
  record.plans.resize(5000, record.plans[0]);
  record.evidence.resize(5000, record.evidence[0]);
  for (int i = 0; i < 5000; ++i) {
    record.route_flips.push_back({i % 40, 1, i % 50, 1, i, {1, 2}, {3, 4}, 1e-6});
    record.sites.push_back(record.sites[static_cast<std::size_t>(i % 4)]);
    record.sites.back().op = "op" + std::to_string(i % 30);
  }
  const std::vector<RunRecord> runs = record.runs;
  for (std::int64_t i = 1; i < 100; ++i)
    for (RunRecord run : runs) {
      run.order += i * 100;
      if (run.pair >= 0) run.pair += i * 100;
      record.runs.push_back(run);
    }
  return record;
}

TEST(HtmlPage, IsBoundedAndSaysWhatItLeavesOut) {
  const std::string page = hostile_page_of(huge_record());
  EXPECT_LT(page.size(), 2U << 20);
  EXPECT_THAT(page, AllOf(HasSubstr("the first 200 of 3000 pairs are shown"),
                          HasSubstr("the first 400 of 6000 runs are shown"),
                          HasSubstr("the first 8 of 31 ops are shown"),
                          HasSubstr("the first 6 of 40 prompts are shown"),
                          HasSubstr("rows are shown"), HasSubstr("lines are shown")));
  EXPECT_EQ(values_of(page, "data-phase=\"decode\"", "data-ratio").size(), 200U);
}

TEST(HtmlPage, HasANumberForEveryPlace) {
  Record record = full_record();
  EXPECT_THAT(without_number(hostile_page_of(record)), IsEmpty());
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {infinity, std::nan(""), 0.0, 1e308, 5e-324}) {
    record = approximate_record();
    record.noise_floor->decode = record.noise_floor->prefill = value;
    record.decode_bytes_per_token = value;
    for (BandwidthRecord& probe : record.bandwidth) probe.bytes_per_second = value;
    for (SiteRecord& site : record.sites) site.e_patched = site.e_naive = value;
    record.runs[2].decode_ns = 1;
    record.runs[3].first_token_ns = std::numeric_limits<std::int64_t>::max();
    record.route_flips[0].position = std::numeric_limits<std::int64_t>::max();
    record.sites[0].layer = std::numeric_limits<std::int64_t>::max();
    EXPECT_THAT(without_number(hostile_page_of(record)), IsEmpty()) << value;
  }
  EXPECT_THAT(without_number(hostile_page_of(Record())), IsEmpty());
}

TEST(HtmlPage, IsReadableWithoutSight) {
  const std::string page = html_report({tie_record(), approximate_record()}, {"a", "b"});
  EXPECT_THAT(page, HasSubstr("<html lang=\"en\">"));
  EXPECT_EQ(count_of(page, "<th"), count_of(page, "<th scope=") + count_of(page, "<thead"));
  const std::size_t plots = count_of(page, "role=\"img\"");
  EXPECT_GT(plots, 8U);
  EXPECT_EQ(plots, count_of(page, "<desc id="));
  EXPECT_EQ(count_of(page, "<svg"), plots + count_of(page, "aria-hidden=\"true\""));
  static const std::regex ids(" id=\"([^\"]*)\"");
  std::set<std::string> seen;
  for (std::sregex_iterator at(page.begin(), page.end(), ids), end; at != end; ++at)
    EXPECT_TRUE(seen.insert((*at)[1]).second) << (*at)[1];
}

}  // namespace
}  // namespace fidelio::testing
