#include "config/source_text.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace dbsync::config_detail {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Error unreadable(const std::string& path, std::string_view what, std::string_view hint, int reason) {
  return Error(ErrorKind::config,
               fmt::format("cannot read the {} {}: {}", what, path, std::generic_category().message(reason)))
      .hint(std::string(hint));
}

}  // namespace

std::string read_text_file(const std::string& path, std::string_view what, std::string_view hint) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (!file) throw unreadable(path, what, hint, errno);
  std::string text;
  std::array<char, 16384> block{};
  std::size_t got = 0;
  while ((got = std::fread(block.data(), 1, block.size(), file.get())) > 0) text.append(block.data(), got);
  // A directory opens, and fails only here.
  if (std::ferror(file.get()) != 0) throw unreadable(path, what, hint, errno);
  return text;
}

Error error_at(const std::string& name, int line, std::string_view message) {
  return Error(ErrorKind::config, fmt::format("{} line {}: {}", name, line, message));
}

Lines::Lines(std::string_view text) : rest_(text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
}

bool Lines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const auto end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  return true;
}

}  // namespace dbsync::config_detail
