// The table list: any text gives entries or an Error that names the line, and
// entries written again read the same.
#include <vector>

#include "base/error.h"
#include "config/table_list.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::TableListEntry;
using dbsync::fuzz::check;

// The name quoted by `quote`; the query with one more semicolon, since one is
// taken off.
std::string written(const std::vector<TableListEntry>& entries, char quote) {
  std::string out = "\xEF\xBB\xBF# written again\r\n";
  for (const TableListEntry& entry : entries) {
    out += quote;
    for (const char c : entry.table) out += c == quote ? std::string(2, quote) : std::string(1, c);
    out += quote;
    if (!entry.query.empty()) out += ":" + entry.query + " ;";
    out += "\r\n";
  }
  return out;
}

void check_again(const std::vector<TableListEntry>& entries, char quote) {
  const auto again = dbsync::parse_table_list(written(entries, quote), "again");
  check(again.size() == entries.size(), "as many entries again");
  for (std::size_t i = 0; i < again.size(); ++i)
    check(again[i].table == entries[i].table && again[i].query == entries[i].query,
          "an entry written again is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<TableListEntry> entries;
  try {
    entries = dbsync::parse_table_list(dbsync::fuzz::text_of(data, size), "tab_list.txt");
  } catch (const dbsync::Error& error) {
    check(error.kind() == dbsync::ErrorKind::config, "a configuration error");
    check(error.message().starts_with("tab_list.txt line "), "file and line are named");
    check(!error.hint().empty(), "there is a hint");
    return 0;
  }
  check(!entries.empty(), "a list names a table");
  int last = 0;
  for (const TableListEntry& entry : entries) {
    check(!entry.table.empty() && entry.line > last, "an entry has a table and a line of its own");
    last = entry.line;
  }
  check_again(entries, '"');
  check_again(entries, '`');
  return 0;
}
