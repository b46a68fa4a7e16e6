// The table list of -l: one table a line, `name` or `name : query`.
//
// Blanks around either part are ignored, as are blank lines, lines that start
// with #, a byte-order mark, CR before LF and one final ; of a query. The part
// before the first colon outside quotes is the target table's name; it may be
// quoted with "…" or `…` (the quote doubled inside) to hold a colon, a dot or
// blanks. The query runs on the source as written.
//
// Errors: ErrorKind::config naming file and line; nothing is returned then.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

struct TableListEntry {
  std::string table;        // target table's name, unquoted
  std::string query;        // "" = the source table of the same name, whole
  int line = 0;             // 1-based
  std::string schema = {};  // "" = none was given
};

// Whether names may have a schema before them: schema.table, "schema"."table".
enum class ListNames { plain, with_schema };

std::vector<TableListEntry> parse_table_list(std::string_view text, const std::string& name,
                                             ListNames names = ListNames::plain);
std::vector<TableListEntry> read_table_list(const std::string& path, ListNames names = ListNames::plain);

}  // namespace dbsync
