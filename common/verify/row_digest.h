// A number for each row that a PostgreSQL server computes by itself, so that two of
// them can compare tables without sending a row.
//
// Rows whose binary COPY differs (the scale of numeric(p,s) and the padding of
// char(n) aside, as in row_image.h) have different numbers, but for one pair in 2^64;
// equal rows have equal ones on every server from 11 on with the same encoding. So
// equal sums say that the rows are the same, while different ones say little: whoever
// meets them must read the rows.
//
// Made of the functions behind hash partitioning, which give the same on every
// version, or dumps of such tables could not be restored. What they pass over is
// added: the sign of numeric and of zero, the upper half of 64-bit integers, the
// difference between a month and 30 days. Columns are chained, not added up: values
// that have changed places between rows must show.
//
// Threads: any. Source: PostgreSQL's hash functions (hashfunc.c, hash_numeric,
// hash_array), the send functions of its types.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "pg/connection.h"
#include "verify/row_image.h"

namespace dbsync {

inline constexpr int kRowDigests = 110000;  // the first server that can

// By pg_type.oid: what makes the binary form of a value, quoted.
using SendFunctions = std::map<std::uint32_t, std::string>;
SendFunctions send_functions(PgConnection& connection, const ComparedColumns& compared);

// A select list: how many rows, and the sum of their numbers modulo 2^64.
std::string digest_sql(const ComparedColumns& compared, const SendFunctions& functions);

struct RowDigest {
  std::uint64_t rows = 0;
  std::uint64_t sum = 0;

  // Adds the result of a query with that list.
  void add(const PgResult& result);

  friend bool operator==(const RowDigest&, const RowDigest&) = default;
};

}  // namespace dbsync
