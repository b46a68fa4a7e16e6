// A PostgreSQL column type as this project needs it: to write it in DDL and to
// choose an encoder for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dbsync {

enum class PgKind : std::uint8_t {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  text,
  varchar,
  bpchar,
  bytea,
  date,
  timestamp,
  timestamptz,
  time,
  interval,
  bit,
  varbit,
  json,
  jsonb,
  uuid,
  inet,
  text_array,
  float4_array,
  geometry,     // PostGIS
  enumeration,  // a native enum type; `name` holds it
  other,        // anything else found on a target; `name` holds it
};

struct PgType {
  PgKind kind = PgKind::text;
  int length = -1;        // varchar, bpchar, bit, varbit; numeric: precision; times: digits after the point; -1 none
  int scale = 0;          // numeric
  std::string name = {};  // enumeration, other, interval with fields: as written in SQL, quoted
  std::vector<std::string> labels = {};  // enumeration

  friend bool operator==(const PgType&, const PgType&) = default;
};

// As written in DDL: "numeric(10,2)", "timestamp(6)", "bytea".
std::string type_sql(const PgType& type);

// Of the extension that compares text without case, with or without its schema.
bool is_citext(const PgType& type);

// The kind behind a pg_type.oid; `other` for what is not built in.
PgKind kind_of_oid(std::uint32_t oid);

}  // namespace dbsync
