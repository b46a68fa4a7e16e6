// What a source with segments says of a table, for its definition: distribution, storage,
// classic partitions and the templates of their parts. What the target cannot be told
// becomes a note.
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "pgsql2pgsql/schema/pg_catalog.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// `relation`: the table on the source. After its columns and partitions were defined.
void define_place(const SegmentTable& place, const PgRelation& relation, const Dialect& dialect, Table& table);

// ALTER TABLE statements of the server, several with semicolons between them, for the table
// that has this name on the target.
std::vector<std::string> template_statements(const std::string& text, const QualifiedName& target);

}  // namespace dbsync
