// Whether a piece of SQL is closed in itself, as PostgreSQL's scanner reads it
// (src/backend/parser/scan.l) with standard_conforming_strings on: text that can
// be put into a statement without changing what is around it.
#pragma once

#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"

namespace dbsync::fuzz {

// The end of the quoted text that begins at `at`.
inline std::size_t end_of_quoted(std::string_view sql, std::size_t at, bool escapes) {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (escapes && sql[at] == '\\') {
      ++at;
    } else if (sql[at] == quote) {
      if (at + 1 >= sql.size() || sql[at + 1] != quote) return at;
      ++at;
    }
  }
  check(false, "quotes are closed");
  return at;
}

inline bool has_escapes(std::string_view sql, std::size_t at) {
  const bool e = at > 0 && (sql[at - 1] == 'E' || sql[at - 1] == 'e');
  const auto word = [](char c) { return c == '_' || c == '$' || (c >= '0' && c <= '9') || (c | 32) >= 'a'; };
  return sql[at] == '\'' && e && (at < 2 || !word(sql[at - 2]));
}

inline void check_closed_sql(std::string_view sql) {
  check(!sql.empty(), "there is SQL");
  std::string open;  // brackets
  for (std::size_t at = 0; at < sql.size(); ++at) {
    const char c = sql[at];
    check(c != '\0' && c != ';' && c != '$', "nothing that ends or hides text");
    check(!sql.substr(at).starts_with("--") && !sql.substr(at).starts_with("/*"), "no comment");
    if (c == '\'' || c == '"') at = end_of_quoted(sql, at, has_escapes(sql, at));
    if (c == '(' || c == '[') open += c;
    if (c != ')' && c != ']') continue;
    check(!open.empty() && open.back() == (c == ')' ? '(' : '['), "brackets match");
    open.pop_back();
  }
  check(open.empty(), "brackets are closed");
}

}  // namespace dbsync::fuzz
