// `validate logits` as people type it: the file's bytes, its values, its errors; --load beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <thread>

#include "core/checksum.h"
#include "tests/support/npy.h"
#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"
#include "validate/npy_file.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

const fs::path kTiny = kOracles / "qwen3_moe";

/// A file of doubles as floats.
std::vector<float> read_rounded(const fs::path& file) {
  const std::vector<double> exact = read_npy<double>(file);
  return {exact.begin(), exact.end()};
}

class LogitsCommand : public ::testing::Test {
 protected:
  /// The ids of the reference logits, as --prompt-ids takes them.
  static std::string reference_ids() {
    std::ifstream in(kOracles / "prompt_ids.json");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    std::erase_if(text, [](char c) { return c != ',' && (c < '0' || c > '9'); });
    return text;
  }
  ProcessResult logits(const std::string& model, const std::vector<std::string>& more) const {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY, "logits", (kTiny / model).string(),
                                     "--threads", "1"};
    line.insert(line.end(), more.begin(), more.end());
    return Process(line, dir_.path()).wait();
  }
  /// Runs over the reference ids and returns the file.
  std::string file_of(const std::vector<std::string>& more) const {
    std::vector<std::string> line = {"--prompt-ids", reference_ids(), "--out", "x.npy"};
    line.insert(line.end(), more.begin(), more.end());
    const ProcessResult result = logits("mlx4g64", line);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return bytes_of("x.npy");
  }
  std::string bytes_of(const std::string& name) const {
    std::ifstream in(dir_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void expect_refused(const std::vector<std::string>& more, const char* message) const {
    const ProcessResult result = logits("mlx4g64", more);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(result.out, "");
  }

  TempDir dir_;
};

TEST(NpyHeader, IsWhatNumPyWritesByteForByte) {
  const std::string header = npy_header(96, 256);

  EXPECT_EQ(header.size(), 128U);
  EXPECT_EQ(header.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(header.substr(10, 62),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (96, 256), }");
  EXPECT_EQ(header.substr(72), std::string(55, ' ') + "\n");
}

TEST(NpyHeader, EndsAtAMultipleOf64ForEveryShape) {
  for (std::int64_t n = 1; n < std::int64_t{1} << 60; n *= 10) {
    const std::string header = npy_header(n, n);
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(header[8])) +
                        256U * static_cast<unsigned char>(header[9]);

    EXPECT_EQ(header.size() % 64, 0U) << n;
    EXPECT_EQ(header.size(), 10 + length) << n;
    EXPECT_EQ(header.back(), '\n');
  }
}

TEST_F(LogitsCommand, GivesTheReferencesLogits) {
  for (const char* model : {"float32", "mlx4g64"}) {
    const ProcessResult result = logits(model, {"--prompt-ids", reference_ids(), "--out", "x.npy"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const std::vector<float> expected = read_npy(kTiny / model / "logits.npy");
    const std::vector<float> actual = read_npy(dir_ / "x.npy");

    ASSERT_EQ(actual.size(), expected.size());
    EXPECT_LE(relative_error(actual, expected), 1e-5F) << model;
    const std::string data = bytes_of("x.npy").substr(128);
    const std::string digest = xxh3_128_hex(std::as_bytes(std::span(data)));
    EXPECT_EQ(result.out, "[96, 256] x.npy xxh3 " + digest + "\n");
  }
}

TEST_F(LogitsCommand, GivesTruthWhereverItIsNearerThanAnyFloat32) {
  const std::vector<float> exact = read_rounded(kTiny / "float32/logits64.npy");
  const auto error_of = [&](const char* arm) {
    const ProcessResult result =
        logits("float32", {"--prompt-ids", reference_ids(), "--out", "x.npy", "--arm", arm});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const std::vector<float> all = read_npy(dir_ / "x.npy");
    return relative_error({all.end() - static_cast<std::ptrdiff_t>(exact.size()), all.end()},
                          exact);
  };

  EXPECT_LT(error_of("truth"), 5e-7);
  EXPECT_LT(2 * error_of("truth"), error_of("baseline"));
}

TEST_F(LogitsCommand, GivesTheSameBytesAtEveryWidthAndLoadModeAndFromThePatchedArm) {
  const std::string one = file_of({});

  EXPECT_EQ(file_of({"--width", "7"}), one);
  EXPECT_EQ(file_of({"--width", "4096"}), one);
  EXPECT_EQ(file_of({"--load", "read"}), one);
  EXPECT_EQ(file_of({"--arm", "patched"}), one);
  EXPECT_EQ(file_of({"--arm", "patched", "--patches", "down_combine", "--target", "ref"}), one);
}

TEST_F(LogitsCommand, WarnsWhereNoPatchApplies) {
  const std::vector<std::string> line = {"--prompt-ids", reference_ids(), "--out",
                                         "x.npy",        "--arm",         "patched"};
  std::vector<std::string> wide = line;
  wide.insert(wide.end(), {"--width", "48"});

  EXPECT_THAT(logits("mlx4g64", wide).err,
              HasSubstr("warning: no patch applied at 48 tokens a step"));
  EXPECT_EQ(logits("mlx4g64", line).err, "");
}

TEST_F(LogitsCommand, RefusesIdsAndLengthsThatTheModelDoesNotHave) {
  expect_refused({"--prompt-ids", "1,256", "--out", "x.npy"}, "found token id 256");
  expect_refused({"--prompt-ids", "1,-1", "--out", "x.npy"}, "found token id -1");
  expect_refused({"--out", "x.npy"}, "expected --prompt-ids or --prompt");
  expect_refused({"--prompt", "words", "--out", "x.npy"}, "tokenizer");
  std::string many = "1";
  for (int i = 0; i < 20000; ++i) many += ",1";
  expect_refused({"--prompt-ids", many, "--out", "x.npy"},
                 "--prompt-ids: found 20001 tokens, expected at most 512");
  EXPECT_FALSE(fs::exists(dir_ / "x.npy"));
}

TEST_F(LogitsCommand, RefusesAnOutThatCannotBeWritten) {
  expect_refused({"--prompt-ids", "1", "--out", "none/x.npy"}, "none/x.npy");
  expect_refused({"--prompt-ids", "1", "--out", "."}, "is a folder");
  expect_refused(
      {"--prompt-ids", "1", "--out", "x.npy", "--patches", "nonsense", "--arm", "patched"},
      "nonsense");
  const ProcessResult result =
      logits("mlx4g64", {"--prompt-ids", "1", "--out", "x", "--load", "dma"});
  EXPECT_EQ(result.exit_code, 2);
}

TEST_F(LogitsCommand, LeavesNothingBehindWhenInterrupted) {
  std::string many = "1";
  for (int i = 0; i < 1500; ++i) many += ",1";
  const Process process({FIDELIO_VALIDATE_BINARY, "logits", "kjv-moe-8m", "--arm", "truth",
                         "--prompt-ids", many, "--out", "x.npy"},
                        dir_.path());
  const auto files = [&] {
    return std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator());
  };
  while (files() < 3) std::this_thread::yield();  // beside stdout and stderr: the temporary file

  process.signal(SIGINT);

  EXPECT_EQ(process.wait().exit_code, 130);
  EXPECT_EQ(files(), 2);
}

TEST_F(LogitsCommand, LeavesTheOldFileWhenTheDiskIsFull) {
  dir_.write("x.npy", "old");
  std::string line = "ulimit -f 16; exec '" + std::string(FIDELIO_VALIDATE_BINARY) + "' logits '" +
                     (kTiny / "mlx4g64").string() + "' --threads 1 --out x.npy " + "--prompt-ids " +
                     reference_ids();

  const ProcessResult result = Process({"/bin/sh", "-c", line}, dir_.path()).wait();

  EXPECT_EQ(result.exit_code, 2) << result.out;
  EXPECT_THAT(result.err, HasSubstr("x.npy"));
  EXPECT_EQ(bytes_of("x.npy"), "old");
}

}  // namespace
}  // namespace fidelio::testing
