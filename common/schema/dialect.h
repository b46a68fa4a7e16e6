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
  int major = 15;            // of the family's own numbering
  bool identity_columns = true;
  bool generated_columns = true;
  bool declarative_partitions = true;
  bool distributed = false;  // needs DISTRIBUTED BY
  bool if_not_exists = true; // CREATE TABLE / SCHEMA IF NOT EXISTS
  bool text_copy = false;    // text COPY is the cheaper one (the coordinator forwards it unparsed)
  bool postgis = false;      // the type geometry exists

  friend bool operator==(const Dialect&, const Dialect&) = default;
};

Dialect postgresql_dialect(int major);
Dialect greenplum_dialect(int major);
Dialect cloudberry_dialect(int major);

// "PostgreSQL 15", "Greenplum 6", …
std::string dialect_name(const Dialect& dialect);

}  // namespace dbsync
