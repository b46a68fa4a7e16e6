// What is said of a table when it has been compared.
//
// Threads: one, after the passes.
#pragma once

#include <memory>

#include "pg/connection.h"
#include "verify/verify_table.h"
#include "verify/verify_target.h"

namespace dbsync {

// The rows that differ, by their keys and values. `reader`: made when it is needed first.
// Errors go to the log.
void name_rows(const TargetSnapshot& snapshot, std::unique_ptr<PgConnection>& reader, VerifyTable& table);

void log_verdict(const VerifyTable& table);

}  // namespace dbsync
