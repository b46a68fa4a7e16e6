#include "tests/harness/files.h"

#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "tests/harness/servers.h"

namespace dbsync::test {

namespace fs = std::filesystem;

namespace {

fs::path find_repo_root() {
  std::error_code ignored;
  for (fs::path start : {fs::read_symlink("/proc/self/exe", ignored).parent_path(), fs::current_path()})
    for (fs::path dir = start; dir.has_relative_path(); dir = dir.parent_path())
      if (fs::exists(dir / "share/VERSION") && fs::exists(dir / "tests/harness")) return dir;
  throw std::runtime_error("run the tests from the repository's top directory: share/VERSION is not found");
}

}  // namespace

const fs::path& repo_root() {
  static const fs::path root = find_repo_root();
  return root;
}

std::string env_or(const char* name, std::string_view fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::string(value) : std::string(fallback);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream out;
  out << file.rdbuf();
  return std::move(out).str();
}

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string last_lines(std::string_view text, std::size_t lines) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t start = text.size();
  for (std::size_t found = 0; found < lines && start != std::string_view::npos && start != 0; ++found)
    start = text.rfind('\n', start - 1);
  if (start == std::string_view::npos || text.empty()) return std::string(text);
  return std::string(text.substr(text[start] == '\n' ? start + 1 : start));
}

TestDir::TestDir() {
  std::string pattern = (Servers::instance().work_dir() / "test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "cannot make " + pattern);
  path_ = pattern;
}

TestDir::~TestDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TestDir::write_file(const std::string& name, std::string_view text) const {
  test::write_file(path_ / name, text);
  return path_ / name;
}

std::string TestDir::read_file(const std::string& name) const { return test::read_file(path_ / name); }

}  // namespace dbsync::test
