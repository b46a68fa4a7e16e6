// A MySQL expression as a tree. Knows MySQL's syntax and precedence, and
// nothing of types or PostgreSQL.
//
// Errors: Untranslatable, also for valid SQL that is never translated (a
// subquery, INTERVAL, hexadecimal literals). Depth and length are bounded, so
// the tree can be walked and destroyed recursively. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

struct Expr {
  enum class Kind {
    null,
    boolean,    // TRUE, FALSE: text is "1" or "0"
    number,     // text as written
    string,     // text unescaped; detail: the introducer's character set or ""
    temporal,   // DATE'…': text; detail: date, timestamp, time
    column,     // text
    operation,  // text: the operator in lower case, see expression_writer.cpp
    call,       // text: the function in lower case
  };

  Kind kind = Kind::null;
  std::string text = {};
  std::vector<Expr> children = {};
  std::string detail = {};      // cast: the type; collate: the collation; case: "s" has a subject, "e" an ELSE
  std::vector<int> sizes = {};  // cast: (p, s)
  std::string charset = {};     // cast: CHARACTER SET
  bool double_quoted = false;   // string
  int depth = 1;
};

Expr parse_expression(std::string_view text);

}  // namespace dbsync
