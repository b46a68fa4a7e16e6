// Which columns of a row tell a distributed target the row's segment: those of the
// distribution key and of the partition keys, of the table as it stands there.
//
// Its coordinator takes a row of text COPY apart up to the last of these and passes the
// rest on as it came; of a binary row it takes every column apart. Seen on Greenplum
// 6.24, rows of 16 columns: text takes 3.2 s of its CPU with the key first and 11 s with
// the key last, binary 5.5 s either way.
//
// Pure but for read_routing. Threads and errors: as the connection.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// Nothing for targets of one machine, and for tables that are spread randomly or are
// whole on each segment.
std::map<QualifiedName, std::vector<std::string>> read_routing(PgConnection& target, const Dialect& dialect,
                                                               const std::set<QualifiedName>& tables);

// The query of it: $1 schemas, $2 names, pair by pair.
std::string routing_sql(const Dialect& dialect);

// The places of `columns`, those of `routing` first, the others as they are.
std::vector<std::size_t> routing_first(const std::vector<std::string>& columns,
                                       const std::vector<std::string>& routing);

// Whether text is cheaper for the coordinator than binary when COPY names the columns in
// this order.
bool text_is_cheaper(const std::vector<std::string>& columns, const std::vector<std::string>& routing);

}  // namespace dbsync
