// A column's literal default as a value, for rows whose image leaves the column out.
//
// Pure. Threads: the value points into the struct.
#pragma once

#include <string>

#include "mysql2pgsql/row/source_value.h"
#include "mysql2pgsql/schema/mysql_catalog.h"

namespace dbsync {

struct DefaultValue {
  SourceValue value;
  std::string bytes;
  std::uint64_t number = 0;
  Temporal temporal;
};

// From the text that the catalog has. False when the text is no value of the type.
bool literal_default(const MysqlType& type, const std::string& text, DefaultValue& out);
// What a NOT NULL column without a default gets from servers that are not strict. False
// when there is none.
bool implicit_default(const MysqlType& type, DefaultValue& out);

}  // namespace dbsync
