// The noise floor: measured on a small model, kept for the same machine and way of working, cited
// by later runs; a damaged store is done without and said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "capsules/json.h"
#include "capsules/spread.h"
#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/validation.h"
#include "validate/noise_series.h"
#include "validate/noise_store.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Record record_here() {
  Record record;
  record.model.weights_xxh3_128 = "aa";
  record.options.threads = 2;
  record.hardware.cpu_model = "Example CPU";
  record.hardware.cores = 2;
  record.hardware.logical_cpus = 4;
  record.hardware.memory_bytes = std::int64_t{16} << 30;
  record.hardware.vector_target = "AVX3";
  return record;
}

StoredNoise stored(const std::string& weights, double decode, double prefill) {
  NoiseFloorRecord floor{decode, prefill, "model-" + weights, 20, 15, "2026-01-02T03:04:05Z"};
  return {noise_conditions(record_here()), weights, floor};
}

class NoiseStore : public ::testing::Test {
 protected:
  std::string warning_of_reading() const {
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(read_noise_store(store_).empty());
    return ::testing::internal::GetCapturedStderr();
  }
  TempDir dir_;
  std::filesystem::path store_ = dir_ / "deep/noise.json";
};

TEST_F(NoiseStore, KeepsAnEntryAndReplacesItByALaterOne) {
  store_noise(store_, stored("aa", 0.01, 0.02));
  store_noise(store_, stored("bb", 0.03, 0.04));
  store_noise(store_, stored("aa", 0.05, 0.06));

  const std::vector<StoredNoise> entries = read_noise_store(store_);
  ASSERT_EQ(entries.size(), 2U);
  const auto floor = noise_floor_for(record_here(), entries);
  ASSERT_TRUE(floor);
  EXPECT_EQ(floor->decode, 0.05);
  EXPECT_EQ(floor->prefill, 0.06);
  EXPECT_EQ(floor->model, "model-aa");
  EXPECT_EQ(floor->series, 20);
  EXPECT_EQ(floor->pairs, 15);
  EXPECT_EQ(floor->measured, "2026-01-02T03:04:05Z");
}

TEST(NoiseFloorFor, AnUnknownModelIsTheLargestOfTheOthers) {
  Record record = record_here();
  record.model.weights_xxh3_128 = "unknown";
  const auto floor = noise_floor_for(
      record, {stored("aa", 0.01, 0.02), stored("bb", 0.03, 0.03), stored("cc", 0.02, 0.01)});
  ASSERT_TRUE(floor);
  EXPECT_EQ(floor->model, "model-bb");
}

TEST(NoiseFloorFor, NothingIsTakenFromAnotherMachineOrWayOfWorking) {
  const std::vector<StoredNoise> entries = {stored("aa", 0.01, 0.02)};
  const auto found_with = [&](auto&& change) {
    Record record = record_here();
    change(record);
    return noise_floor_for(record, entries).has_value();
  };
  EXPECT_TRUE(found_with([](Record&) {}));
  EXPECT_TRUE(found_with([](Record& r) { r.hardware.memory_bytes -= 100 << 20; }));
  EXPECT_FALSE(found_with([](Record& r) { r.hardware.memory_bytes /= 2; }));
  EXPECT_FALSE(found_with([](Record& r) { r.hardware.cpu_model = "Another CPU"; }));
  EXPECT_FALSE(found_with([](Record& r) { r.hardware.cores = 4; }));
  EXPECT_FALSE(found_with([](Record& r) { r.hardware.logical_cpus = 2; }));
  EXPECT_FALSE(found_with([](Record& r) { r.hardware.vector_target = "AVX2"; }));
  EXPECT_FALSE(found_with([](Record& r) { r.options.threads = 1; }));
}

TEST_F(NoiseStore, AMissingOneIsSilentlyEmpty) { EXPECT_EQ(warning_of_reading(), ""); }

TEST_F(NoiseStore, ADamagedOneIsNamedAndDoneWithout) {
  store_noise(store_, stored("aa", 0.01, 0.02));
  const auto good = nlohmann::json::parse(std::ifstream(store_));
  const auto expect_warning = [&](const std::string& text) {
    dir_.write("deep/noise.json", text);
    EXPECT_THAT(warning_of_reading(), AllOf(HasSubstr("warning: "), HasSubstr(store_.string())))
        << text;
  };
  for (const char* text : {"", "{", "[]", "null", "{\"version\": 2, \"entries\": []}",
                           "{\"version\": 1}", "{\"version\": 1, \"entries\": [7]}"})
    expect_warning(text);
  for (const auto& [key, value] : good["entries"][0].items()) {
    nlohmann::json without = good, other_type = good;
    without["entries"][0].erase(key);
    expect_warning(without.dump());
    other_type["entries"][0][key] = nlohmann::json::array();
    expect_warning(other_type.dump());
  }
  for (const double bad : {-0.01, -1e300}) {
    nlohmann::json negative = good;
    negative["entries"][0]["decode"] = bad;
    expect_warning(negative.dump());
  }
}

TEST_F(NoiseStore, AFolderInItsPlaceIsNamedAndDoneWithout) {
  std::filesystem::create_directories(store_);
  EXPECT_THAT(warning_of_reading(), HasSubstr(store_.string()));
}

TEST(NoiseFloorOf, IsThe95thPercentileOfTheEstimatesSizes) {
  std::vector<NoiseSeries> series(21);
  for (std::size_t s = 0; s < series.size(); ++s) {
    series[s].decode = (s % 2 == 0 ? 0.001 : -0.001) * static_cast<double>(s);
    series[s].prefill = -0.002 * static_cast<double>(s);
  }
  const NoiseFloorRecord floor = noise_floor_of(series);
  EXPECT_DOUBLE_EQ(floor.decode, 0.019);
  EXPECT_DOUBLE_EQ(floor.prefill, 0.038);
  EXPECT_EQ(floor.series, 21);
}

TEST(MeasureNoise, EachSeriesHasPairsOfTwoArmsThatSayTheSame) {
  const auto model = load_model(kSmallMoe);
  RunOptions options = short_options();
  options.runs = 6;
  options.max_tokens = 4;
  const Record context =
      make_record(*model, options, {}, kernels_for().target, read_prompts(*model, options));
  Progress silent(1, false);
  const auto series = measure_noise(*model, options, kernels_for(), context, 2, silent);

  ASSERT_EQ(series.size(), 2U);
  for (const NoiseSeries& each : series) {
    EXPECT_EQ(each.record.runs.size(), 2U + 2U * 6U);
    for (const RunRecord& run : each.record.runs)
      EXPECT_EQ(run.logit_xxh3_128, each.record.runs[0].logit_xxh3_128);
    EXPECT_EQ(each.decode, judge_timing(each.record, Phase::decode).shift.estimate);
    EXPECT_NE(each.decode, 0);
  }
  EXPECT_EQ(noise_floor_of(series).pairs, 6);
}

TEST(NoiseCommand, KeepsAFloorThatLaterRunsCite) {
  const TempDir dir;
  const auto run = [&](const std::string& line) {
    const std::string cache = "XDG_CACHE_HOME='" + (dir / "cache").string() + "' ";
    return Process({"/bin/sh", "-c", cache + FIDELIO_VALIDATE_BINARY + " " + line}, dir.path())
        .wait();
  };
  const std::string brief = " --threads 1 --max-tokens 4 ";
  const std::string validation =
      kSmallMoe + " --prompt-ids 1,2,3 --widths 1 --runs 1 --capsule c.json" + brief;
  run(validation);
  EXPECT_FALSE(read_capsule(dir / "c.json").noise_floor);

  const ProcessResult noise = run("noise " + kSmallMoe + " --series 3 --runs 6 --json" + brief);
  EXPECT_EQ(noise.exit_code, 0) << noise.err;
  const auto measured = nlohmann::json::parse(noise.out);
  EXPECT_EQ(measured.at("estimates").at("decode").size(), 3U);

  const ProcessResult cited = run(validation);
  const Record record = read_capsule(dir / "c.json");
  ASSERT_TRUE(record.noise_floor) << cited.err;
  EXPECT_EQ(record.noise_floor->decode, measured.at("decode").get<double>());
  EXPECT_EQ(record.noise_floor->prefill, measured.at("prefill").get<double>());
  EXPECT_THAT(cited.out, HasSubstr(noise_floor_text(record)));

  dir.write("cache/fidelio/noise.json", "{}");
  EXPECT_THAT(run(validation).err, AllOf(HasSubstr("warning: "), HasSubstr("noise.json")));
  EXPECT_FALSE(read_capsule(dir / "c.json").noise_floor);
}

TEST(NoiseCommand, RefusesWhatCannotBeMeasured) {
  const TempDir dir;
  const auto refused = [&](const char* flag, const char* value, const char* message) {
    const ProcessResult result =
        Process({FIDELIO_VALIDATE_BINARY, "noise", kSmallMoe, flag, value}, dir.path()).wait();
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  refused("--series", "0", "--series: found 0, expected 1 to 1000");
  refused("--runs", "0", "--runs: found 0, expected 1");
  refused("--max-tokens", "1", "--max-tokens: found 1, expected 2");
}

}  // namespace
}  // namespace fidelio::testing
