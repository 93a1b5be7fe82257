// The external test data: files that nobody in this project wrote and that are never copied into
// it. Tests that need them skip, visibly, where the folder is absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

namespace fidelio::testing {

/// `relative` inside $FIDELIO_EXTERNAL_DATA, or inside ../shared/data beside the source tree when
/// the variable is not set; nullopt when it is not there.
inline std::optional<std::filesystem::path> external_data(const std::filesystem::path& relative) {
  const char* folder = std::getenv("FIDELIO_EXTERNAL_DATA");
  const std::filesystem::path root =
      folder != nullptr ? std::filesystem::path(folder)
                        : std::filesystem::path(FIDELIO_SOURCE_DIR) / ".." / "shared" / "data";
  std::error_code error;
  if (!std::filesystem::exists(root / relative, error)) return std::nullopt;
  return root / relative;
}

}  // namespace fidelio::testing

/// Declares `name` as the path of `relative`; without it the test is skipped, or fails where
/// FIDELIO_REQUIRE_EXTERNAL_DATA is set.
#define FIDELIO_EXTERNAL_DATA_OR_SKIP(name, relative)                                \
  const auto name##_found = ::fidelio::testing::external_data(relative);             \
  if (!name##_found && std::getenv("FIDELIO_REQUIRE_EXTERNAL_DATA") != nullptr)      \
    FAIL() << "external data " << (relative) << " is absent";                        \
  if (!name##_found) GTEST_SKIP() << "external data " << (relative) << " is absent"; \
  const std::filesystem::path& name = *name##_found
