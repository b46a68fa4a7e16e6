// Whether a target table still is what the journal says of it: the same relation, with
// the rows that were loaded. What follows is built on that, so it is looked at before.
//
// Rows are counted for a few seconds at most; of a table that takes longer, only that it
// is not empty is known then, and the log says so.
//
// Threads: one. Errors: of the connection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "copy/load_journal.h"
#include "pg/catalog.h"
#include "pg/connection.h"

namespace dbsync {

// True when the journal tells of another relation of this name, which was dropped since.
bool was_remade(const JournalTable& known, std::uint32_t relation);

struct RowProof {
  const TargetTable& table;
  std::uint64_t rows = 0;  // that the journal tells of
  bool exact = false;      // it holds no others
  bool mended = false;     // some may have been changed by hand
};

// What is wrong with the table, with the way out; nothing when it is as it should be.
std::optional<Error> rows_differ(PgConnection& connection, const RowProof& proof);
Error remade_error(const QualifiedName& table);
// A table into which `rows` were put, that has another file since.
std::optional<Error> rewritten_error(PgConnection& connection, const TargetTable& table, std::uint64_t rows);

}  // namespace dbsync
