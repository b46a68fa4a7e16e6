#include "config/table_list.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "config/source_text.h"

namespace dbsync {

namespace {

using config_detail::error_at;
using config_detail::Lines;

Error broken_line(const std::string& name, int line, std::string_view message) {
  return error_at(name, line, message)
      .hint("a line is: table, or: table : query; put a name that holds blanks, a dot or a colon in double quotes");
}

void refuse_bad_text(std::string_view line, const std::string& name, int number) {
  const std::size_t good = valid_text_prefix(line);
  if (good == line.size()) return;
  const std::string_view what = line[good] == '\0' ? "a NUL byte" : "invalid UTF-8";
  throw error_at(name, number, fmt::format("{} at byte {} of the line", what, good + 1))
      .hint("save the table list as plain text in UTF-8");
}

// Takes the quoted name off the front of `line`.
std::string take_quoted_name(std::string_view& line, const std::string& name, int number) {
  const char quote = line.front();
  std::string table;
  for (std::size_t at = 1; at < line.size(); ++at) {
    if (line[at] != quote) {
      table += line[at];
    } else if (at + 1 < line.size() && line[at + 1] == quote) {
      table += quote;
      ++at;
    } else {
      line = trim(line.substr(at + 1));
      return table;
    }
  }
  throw broken_line(name, number, fmt::format("the table name has no closing {}", quote));
}

// Takes an unquoted name off the front of `line`, up to one of `ends` or the end.
std::string take_plain_name(std::string_view& line, std::string_view ends, const std::string& name, int number) {
  const auto colon = line.find_first_of(ends);
  auto table = trim(line.substr(0, colon));
  line = colon == std::string_view::npos ? std::string_view{} : line.substr(colon);
  if (line.empty() && table.ends_with(';')) table = trim(table.substr(0, table.size() - 1));
  if (table.find_first_of(" \t") != std::string_view::npos)
    throw broken_line(name, number, "the table name holds a blank; is the colon between name and query missing?");
  if (table.find_first_of("\"`") != std::string_view::npos)
    throw broken_line(name, number, fmt::format("the table name {} holds a quote", table));
  if (table.find('.') != std::string_view::npos)
    throw error_at(name, number, fmt::format("the table name {} holds a dot", table))
        .hint(
            "leave out the database or schema (-s names the target's); a dot that is part of the name needs double "
            "quotes around the name");
  return std::string(table);
}

std::string take_name(std::string_view& line, std::string_view ends, const std::string& name, int number) {
  const bool quoted = line.starts_with('"') || line.starts_with('`');
  return quoted ? take_quoted_name(line, name, number) : take_plain_name(line, ends, name, number);
}

TableListEntry parse_line(std::string_view line, ListNames names, const std::string& name, int number) {
  TableListEntry entry;
  entry.line = number;
  entry.table = take_name(line, names == ListNames::with_schema ? ".:" : ":", name, number);
  if (names == ListNames::with_schema && line.starts_with('.')) {
    if (entry.table.empty()) throw broken_line(name, number, "the schema before the dot is missing");
    line = trim(line.substr(1));
    entry.schema = std::exchange(entry.table, take_name(line, ":", name, number));
  }
  if (entry.table.empty()) throw broken_line(name, number, "the table name is missing");
  if (line.empty() || line == ";") return entry;
  if (line.front() != ':')
    throw broken_line(name, number, fmt::format("text after the quoted table name {}", entry.table));
  auto query = trim(line.substr(1));
  if (query.ends_with(';')) query = trim(query.substr(0, query.size() - 1));
  entry.query = query;
  return entry;
}

// Every row of it would arrive twice; with queries the same name is fine, since
// each may select other rows.
void refuse_whole_table_twice(const std::vector<TableListEntry>& entries, const std::string& name) {
  std::map<std::pair<std::string_view, std::string_view>, int> whole;
  for (const auto& entry : entries) {
    if (!entry.query.empty()) continue;
    const auto [first, added] =
        whole.emplace(std::pair<std::string_view, std::string_view>(entry.schema, entry.table), entry.line);
    if (!added)
      throw error_at(name, entry.line,
                     fmt::format("table {} is listed a second time, first in line {}", entry.table, first->second))
          .hint("remove one of the lines, or give each a query that selects different rows");
  }
}

}  // namespace

std::vector<TableListEntry> parse_table_list(std::string_view text, const std::string& name, ListNames names) {
  std::vector<TableListEntry> entries;
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    refuse_bad_text(line, name, lines.number());
    line = trim(line);
    if (!line.empty() && line.front() != '#') entries.push_back(parse_line(line, names, name, lines.number()));
  }
  if (entries.empty())
    throw error_at(name, std::max(lines.number(), 1), "the table list ends without naming a table")
        .hint("write one table a line, or leave out -l to copy every table");
  refuse_whole_table_twice(entries, name);
  return entries;
}

std::vector<TableListEntry> read_table_list(const std::string& path, ListNames names) {
  return parse_table_list(config_detail::read_text_file(path, "table list",
                                                        "name an existing file with -l, or leave out -l to copy every "
                                                        "table"),
                          path, names);
}

}  // namespace dbsync
