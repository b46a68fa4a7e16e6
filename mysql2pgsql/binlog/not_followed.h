// Why tables of a run cannot be followed. Pure functions, any thread.
#pragma once

#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "mysql2pgsql/schema/mysql_catalog.h"

namespace dbsync {

inline Error query_not_followed(const std::string& name) {
  return Error(ErrorKind::config, fmt::format("{}: what a query gives cannot be followed", name))
      .hint("name the table alone in the list of tables that are followed, and copy queries in a run of their own");
}

inline Error versioned_not_followed(const std::string& name) {
  return Error(ErrorKind::source, fmt::format("the changes of {} cannot be followed: it is system-versioned", name))
      .hint("leave it out with a table list (-l), and copy it by itself");
}

// The rows of such a table are in the binlog, and nowhere else.
inline void refuse_blackhole(const MysqlTable& table) {
  if (to_lower(table.engine) != "blackhole") return;
  throw Error(ErrorKind::source,
              fmt::format("the changes of {} cannot be followed: its engine, BLACKHOLE, keeps no rows", table.name))
      .hint("leave it out with a table list (-l)");
}

}  // namespace dbsync
