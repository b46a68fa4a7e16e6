// What a target understands, as a value. Which server it is gets decided once,
// at connect or by --dialect; everything else asks for a capability.
//
// Source: the manuals of the servers, and captured behaviour of Greenplum 6.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

enum class ServerFamily { postgresql, greenplum, cloudberry };

struct Dialect {
  ServerFamily family = ServerFamily::postgresql;
  int major = 15;  // of the family's own numbering
  int base = 15;   // the PostgreSQL that it is made from: 8 (8.3), 9 (9.4), 12, 14
  bool identity_columns = true;
  bool generated_columns = true;
  bool declarative_partitions = true;
  bool distributed = false;           // needs DISTRIBUTED BY
  bool if_not_exists = true;          // CREATE TABLE / SCHEMA IF NOT EXISTS
  bool text_copy = false;             // text COPY may be the cheaper one: the coordinator forwards it (pg/routing.h)
  bool copy_freeze = true;            // COPY … FREEZE after a truncation in the same transaction
  bool postgis = false;               // the type geometry exists
  bool btree_gist = false;            // plain columns may be part of an exclusion constraint
  bool foreign_keys = true;           // enforced
  bool not_valid_constraints = true;  // CHECK … NOT VALID, then VALIDATE
  bool smallserial = true;
  bool replicated_tables = false;  // DISTRIBUTED REPLICATED
  bool unique_on_append_only = true;
  bool segment_rejects = false;  // COPY … LOG ERRORS SEGMENT REJECT LIMIT, gp_read_error_log()

  friend bool operator==(const Dialect&, const Dialect&) = default;
};

Dialect postgresql_dialect(int major);
Dialect greenplum_dialect(int major);
Dialect cloudberry_dialect(int major);

// By the name of --dialect: postgresql[N], greenplum5|6|7, cloudberry[N], adbpg
// (AnalyticDB for PostgreSQL, of the line of Greenplum 6); nothing for other names.
std::optional<Dialect> dialect_by_name(std::string_view name);

// "PostgreSQL 15", "Greenplum 6", …
std::string dialect_name(const Dialect& dialect);

}  // namespace dbsync
