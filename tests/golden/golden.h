// Golden files: what the code prints is compared with a file in the repository.
// With DBSYNC_GOLDEN=rewrite the file is written instead; review the diff.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace dbsync::test {

inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << path << " cannot be read; run from the repository root, or `make golden` to write it";
  return {std::istreambuf_iterator<char>(in), {}};
}

// `path` counts from the repository root, the working directory of the tests.
inline void expect_golden(const std::string& path, const std::string& actual) {
  const char* mode = std::getenv("DBSYNC_GOLDEN");
  if (mode != nullptr && std::string_view(mode) == "rewrite") {
    std::ofstream out(path, std::ios::binary);
    out << actual << std::flush;
    EXPECT_TRUE(out.good()) << path << " cannot be written";
    return;
  }
  EXPECT_EQ(actual, file_text(path)) << path << " differs; if the change is meant, run `make golden`";
}

}  // namespace dbsync::test
