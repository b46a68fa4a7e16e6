// Generated columns of the source that changes do not bring right to the target: not
// sent, and ordinary columns there; or sent as a part of the replica identity, and
// generated there, too.
//
// Threads: as the connections. Errors: of the connections.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "pg/together.h"
#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

struct UnfitColumn {
  QualifiedName table;  // on the source
  std::string column;
  std::string reason;  // "is generated on the source, which …"
  std::string remedy;  // "on the target: ALTER TABLE …"
};

// As unfit_generated_columns() asks the source, for PgPrefetch.
PgQuery question_of_generated(const std::vector<std::uint32_t>& oids);

// Of these tables of the source, by name. `sends_generated`: stored ones are sent.
// A table that the target does not have yet will have them as the source.
std::vector<UnfitColumn> unfit_generated_columns(PgConnection& source, PgConnection& target,
                                                 const std::vector<std::uint32_t>& oids, bool sends_generated,
                                                 const SchemaMap& map);

// Stops before following begins.
void refuse_unfit_columns(const std::vector<UnfitColumn>& columns);

}  // namespace dbsync
