// Files and directories of the tests.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dbsync::test {

// The top directory of the repository: where share/VERSION is, looked for from
// the test binary upwards, then from the working directory.
const std::filesystem::path& repo_root();

// Environment variable or fallback.
std::string env_or(const char* name, std::string_view fallback);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);

// The last lines of a text from byte `offset` on.
std::string last_lines(std::string_view text, std::size_t lines);

// A private directory, removed at the end.
class TestDir {
 public:
  TestDir();
  ~TestDir();
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write_file(const std::string& name, std::string_view text) const;
  std::string read_file(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace dbsync::test
