// A table of the target as applying changes needs to know it.
//
// Plain values. Errors of reading: ErrorKind::target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pg/connection.h"
#include "pg/together.h"
#include "schema/table.h"

namespace dbsync {

struct TargetColumnInfo {
  std::string name;
  std::uint32_t type_oid = 0;   // of a domain: its base type
  std::uint32_t array_oid = 0;  // array of that type; 0 = there is none
  std::string type_sql;         // without length and precision
  std::string declared_sql;     // as the column is declared
  bool enumeration = false;
  bool is_array = false;
  bool not_null = false;
  bool generated = false;
  bool identity_always = false;
  bool loose_collation = false;  // nondeterministic
  std::string equality = "=";    // the operator of its keys, with the schema where it needs that
};

// The files that hold its rows, its leaves' too, and what is known of rows; as
// dbsync.apply_files has them (cdc/target_files.h), nothing when they are not in there.
struct TargetStorage {
  std::vector<std::pair<std::uint32_t, std::int64_t>> files;  // oid and file
  bool filled = true;                                         // it is noted that rows were put into it
};

struct TargetRelation {
  QualifiedName name;
  std::uint32_t oid = 0;
  bool partitioned = false;
  bool live_triggers = false;  // that fire for replicated changes too
  std::vector<TargetColumnInfo> columns;
  std::vector<std::vector<std::string>> keys;  // of unique indexes; the primary key first
  TargetStorage storage;                       // by PlanCache

  const TargetColumnInfo* find_column(const std::string& column) const;
};

// As read_target_relation() asks, for PgPrefetch; `name`: that of the relation, as far as is known.
std::vector<PgQuery> questions_of_relation(std::uint32_t oid, const QualifiedName& name);

// Nothing when there is no such table.
std::optional<TargetRelation> read_target_relation(PgConnection& connection, const QualifiedName& name);
std::optional<TargetRelation> read_target_relation(PgConnection& connection, std::uint32_t oid);

}  // namespace dbsync
