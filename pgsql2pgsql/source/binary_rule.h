// Which columns may travel as binary COPY from one PostgreSQL server to another.
//
// Binary is safe where both sides give a value the same bytes: a type that is
// built in, the same on both sides, and whose binary form has not changed since
// it exists. Of user types, enums are (their binary form is the label), and
// domains over such types. Everything else goes as text: arrays of user types,
// composite and range types of users carry type numbers of their own database;
// types of extensions and reg* types promise nothing.
//
// Pure. Source: the send and receive functions of the types, PostgreSQL 9.4–18.
#pragma once

#include <string>
#include <vector>

#include "pg/catalog.h"
#include "pgsql2pgsql/schema/pg_catalog.h"

namespace dbsync {

// What the servers can take; PQserverVersion numbers.
struct BinarySides {
  int source_version = 0;
  int target_version = 0;
};

// Why a column must go as text; "" when binary is safe.
std::string binary_obstacle(const PgColumn& source, const TargetColumn& target, const BinarySides& sides);

}  // namespace dbsync
