// What a statement in the binlog is: ends and marks of groups, definitions, rows by
// statement.
//
// Not a parser: words and quoted names are told apart, comments passed over, and those of
// one version (/*!50000 … */) read as the server does.
// Pure. Takes any bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

struct StatementTable {
  std::string db;  // "" = the session's
  std::string name;
};

struct BinlogStatement {
  enum class Kind : std::uint8_t {
    begin,
    commit,
    rollback,
    savepoint,
    rollback_to,
    release,
    xa_start,
    xa_end,
    xa_prepare,
    xa_commit,
    xa_rollback,
    truncate,  // one table
    define,    // what changes how rows of `tables` look, or takes them away
    harmless,  // changes no row and no table
    rows,      // changes rows by a statement
  };
  Kind kind = Kind::rows;
  std::string name;             // of a savepoint, or the XID as it is written: X'67',X'62',1
  bool one_phase = false;       // XA COMMIT
  bool if_not_exists = false;   // CREATE TABLE
  bool create = false;          // CREATE TABLE
  bool keys_only = false;       // ALTER TABLE of indexes and constraints: rows look as before
  bool whole_database = false;  // `tables` holds one with the database's name alone
  std::vector<StatementTable> tables;
};

BinlogStatement read_statement(std::string_view text, bool ansi_quotes = false);

// Whether one of the names, in lower case, stands in the text.
bool mentions(std::string_view text, std::string_view name);

// The statement's beginning for messages, on one line; without what could be a password.
std::string shown_statement(std::string_view text);

}  // namespace dbsync
