#include "config/ini_file.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include <fmt/format.h>
#include <ini.h>

#include "base/error.h"
#include "base/text.h"
#include "config/source_text.h"

namespace dbsync {

namespace {

using config_detail::error_at;
using config_detail::Lines;

// inih keeps section names in a buffer of 50 bytes and cuts longer ones.
constexpr std::size_t kLongestSection = 49;

// What one run of inih works on. inih is C: no exception may pass through it, so
// lines are checked before it sees them and values are decoded after it is done.
struct IniRun {
  std::vector<std::string> lines;
  std::size_t next = 0;  // number of lines handed out, thus the current line
  std::vector<IniEntry> entries;
};

bool starts_comment(char c) { return c == '#' || c == ';'; }

Error broken_line(const std::string& name, int line, std::string_view message) {
  return error_at(name, line, message)
      .hint("a line is [section], key = \"value\" or a comment that starts with #; my.cfg.sample shows each of them");
}

// inih would end the line at a NUL and strip other control characters as blanks.
void refuse_control_characters(std::string_view line, const std::string& name, int number) {
  for (const char c : line) {
    if (c == '\0')
      throw error_at(name, number, "the line holds a NUL byte").hint("save the file as plain text in UTF-8");
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
      throw error_at(name, number, fmt::format("the line holds the control character 0x{:02X}", c))
          .hint("remove it; lines end with LF or CR LF");
  }
}

std::string checked_section(std::string_view line, const std::string& name, int number) {
  const auto end = line.find(']');
  if (end == std::string_view::npos) throw broken_line(name, number, "the section name does not end with ]");
  const auto section = trim(line.substr(1, end - 1));
  if (section.empty()) throw broken_line(name, number, "the section name is empty");
  if (section.size() > kLongestSection)
    throw broken_line(name, number, fmt::format("the section name is longer than {} bytes", kLongestSection));
  const auto rest = trim(line.substr(end + 1));
  if (!rest.empty() && !starts_comment(rest.front()))
    throw broken_line(name, number, fmt::format("text after the section [{}]", section));
  return fmt::format("[{}]", section);
}

// Never shows the line: it may hold a password.
std::string checked_pair(std::string_view line, const std::string& name, int number) {
  const auto separator = line.find_first_of("=:");
  if (separator == std::string_view::npos) throw broken_line(name, number, "there is no = in the line");
  if (line[separator] == ':') throw broken_line(name, number, "the key is followed by : instead of =");
  if (separator == 0) throw broken_line(name, number, "there is no key before the =");
  return std::string(line);
}

// The line as inih will understand it without change; comments become empty.
std::string checked_line(std::string_view raw, const std::string& name, int number) {
  refuse_control_characters(raw, name, number);
  const auto line = trim(raw);
  if (line.empty() || starts_comment(line.front())) return {};
  return line.front() == '[' ? checked_section(line, name, number) : checked_pair(line, name, number);
}

char* read_line(char* buffer, int size, void* stream) noexcept {
  auto& run = *static_cast<IniRun*>(stream);
  if (run.next == run.lines.size()) return nullptr;
  const std::string& line = run.lines[run.next++];
  const std::size_t length = std::min(line.size(), static_cast<std::size_t>(size) - 1);
  std::memcpy(buffer, line.data(), length);
  buffer[length] = '\0';
  return buffer;
}

int keep_entry(void* user, const char* section, const char* key, const char* value) noexcept {
  auto& run = *static_cast<IniRun*>(user);
  run.entries.push_back({section, key, value, static_cast<int>(run.next)});
  return 1;
}

// Debian's inih reads these on every call; see the header for what the
// defaults would do.
void set_inih_switches(std::size_t longest_line) {
  const int buffer = static_cast<int>(longest_line) + 3;
  ini_use_stack = false;
  ini_allow_realloc = false;
  ini_initial_alloc = buffer;
  ini_max_line = buffer;
  ini_allow_inline_comments = false;
  ini_allow_multiline = false;
  ini_allow_bom = false;
  ini_allow_no_value = false;
  ini_stop_on_first_error = true;
}

std::string quoted_value(std::string_view raw, const std::string& name, const IniEntry& entry) {
  std::string value;
  std::size_t at = 1;
  for (;; ++at) {
    const auto quote = raw.find('"', at);
    if (quote == std::string_view::npos)
      throw error_at(name, entry.line, fmt::format("the value of {} has no closing quote", entry.key))
          .hint("end the value with \"; a quote inside it is written twice (\"\")");
    value += raw.substr(at, quote - at);
    at = quote + 1;
    if (at == raw.size() || raw[at] != '"') break;
    value += '"';
  }
  const auto rest = trim(raw.substr(at));
  if (!rest.empty() && !starts_comment(rest.front()))
    throw error_at(name, entry.line, fmt::format("text after the quoted value of {}", entry.key))
        .hint("only a # comment may follow the closing quote; a quote inside a value is written twice (\"\")");
  return value;
}

std::string plain_value(std::string_view raw, const std::string& name, const IniEntry& entry) {
  // A comment behind an empty value, or a password that starts so: cannot tell.
  if (!raw.empty() && starts_comment(raw.front()))
    throw error_at(name, entry.line, fmt::format("the value of {} starts with {}", entry.key, raw.front()))
        .hint("put the value in double quotes, or write \"\" for an empty value");
  for (std::size_t i = 1; i < raw.size(); ++i)
    if (starts_comment(raw[i]) && (raw[i - 1] == ' ' || raw[i - 1] == '\t')) return std::string(trim(raw.substr(0, i)));
  return std::string(raw);
}

}  // namespace

std::vector<IniEntry> parse_ini(std::string_view text, const std::string& name) {
  IniRun run;
  std::size_t longest = 0;
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    run.lines.push_back(checked_line(line, name, lines.number()));
    longest = std::max(longest, run.lines.back().size());
  }
  if (longest > INT_MAX / 2) throw Error(ErrorKind::config, name + ": a line is longer than 1 GiB");
  set_inih_switches(longest);
  const int failed = ini_parse_stream(read_line, &run, keep_entry, &run);
  if (failed < 0) throw Error(ErrorKind::internal, "out of memory while reading " + name);
  if (failed > 0) throw broken_line(name, failed, "the line is neither a section nor a key");
  for (auto& entry : run.entries)
    entry.value =
        entry.value.starts_with('"') ? quoted_value(entry.value, name, entry) : plain_value(entry.value, name, entry);
  return std::move(run.entries);
}

std::vector<IniEntry> read_ini_file(const std::string& path) {
  return parse_ini(config_detail::read_text_file(path, "configuration file",
                                                 "copy my.cfg.sample to my.cfg and fill it in, or name the file with "
                                                 "-c FILE"),
                   path);
}

}  // namespace dbsync
