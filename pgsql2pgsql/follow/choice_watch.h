// What a later run's choice of tables and the tables that its task follows differ in.
// A task's tables are those of its beginning: what is new on the source, became a logged
// table or is chosen by other options now is not among them.
//
// Errors: of the connections. Threads: one.
#pragma once

#include <string>
#include <vector>

#include "cdc/known_tables.h"
#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "pg/connection.h"

namespace dbsync {

// A sentence for each difference; reads the source's catalog.
std::vector<std::string> choice_differences(PgConnection& source, const Options& options, const Config& config,
                                            const std::vector<TableListEntry>& list,
                                            const std::vector<KnownTable>& followed);

}  // namespace dbsync
