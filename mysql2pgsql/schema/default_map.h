// Column defaults and other expressions of the source as SQL of the target.
// Pure. What cannot be translated comes back with a reason for a note.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mysql2pgsql/row/row_encoder.h"
#include "mysql2pgsql/schema/mysql_catalog.h"
#include "schema/table.h"

namespace dbsync {

struct MappedDefault {
  std::string sql;         // "" = no default
  std::string note;        // why there is none although the source has one
  bool zero_date = false;  // the source's default is a zero date
};

// "Y-M-D" and what follows as PostgreSQL reads it, 0000-05-06 as 0001-05-06 BC;
// nothing for what is no such date.
std::optional<std::string> pg_date_text(std::string_view text);

MappedDefault map_default(const MysqlColumn& source, const PgType& target, ZeroDatePolicy policy);

}  // namespace dbsync
