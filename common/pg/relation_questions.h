// As find_relations() and relation_oids() (pg/catalog.h) ask, for PgPrefetch.
//
// Pure.
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "pg/together.h"
#include "schema/names.h"

namespace dbsync {

PgQuery question_of_relations(const std::set<QualifiedName>& names);
PgQuery question_of_oids(const std::set<QualifiedName>& names);

// The number as one row when the table has rows, else none; several go with UNION ALL.
// `only`: without those that inherit from it.
std::string number_if_filled_sql(std::size_t number, const QualifiedName& table, bool only);

}  // namespace dbsync
