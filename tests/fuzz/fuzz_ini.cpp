// my.cfg: any text gives entries or an Error that names the line, and entries
// written again read the same.
#include <algorithm>
#include <vector>

#include "base/error.h"
#include "config/config.h"
#include "config/ini_file.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::ErrorKind;
using dbsync::IniEntry;
using dbsync::fuzz::check;

std::string written(const std::vector<IniEntry>& entries) {
  std::string out;
  for (const IniEntry& entry : entries) {
    if (!entry.section.empty()) out += "[" + entry.section + "]\n";
    out += "\t" + entry.key + " = \"";
    for (const char c : entry.value) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += "\" # and a comment\n";
  }
  return out;
}

void check_entries(const std::vector<IniEntry>& entries, std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  int last = 0;
  for (const IniEntry& entry : entries) {
    check(entry.line > last && entry.line <= lines, "lines ascend and exist");
    check(!entry.key.empty(), "a key is not empty");
    last = entry.line;
  }
  const auto again = dbsync::parse_ini(written(entries), "again.cfg");
  check(again.size() == entries.size(), "as many entries again");
  for (std::size_t i = 0; i < again.size(); ++i)
    check(
        again[i].section == entries[i].section && again[i].key == entries[i].key && again[i].value == entries[i].value,
        "an entry written again is the same");
}

void check_config(std::string_view text) {
  for (const auto program : {dbsync::Program::mysql2pgsql, dbsync::Program::pgsql2pgsql}) {
    try {
      dbsync::parse_config(text, "my.cfg", program, true);
    } catch (const dbsync::Error& error) {
      check(error.kind() == ErrorKind::config, "a configuration error");
      check(error.message().starts_with("my.cfg"), "the file is named");
      check(!error.hint().empty(), "there is a hint");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = dbsync::fuzz::text_of(data, size);
  std::vector<IniEntry> entries;
  try {
    entries = dbsync::parse_ini(text, "my.cfg");
  } catch (const dbsync::Error& error) {
    check(error.kind() == ErrorKind::config, "a configuration error");
    check(error.message().starts_with("my.cfg line "), "file and line are named");
    return 0;
  }
  check_entries(entries, text);
  check_config(text);
  return 0;
}
