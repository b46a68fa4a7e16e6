// Proves that a foreign key holds for all rows, after a load under which it did not act.
//
// Threads: as the connection. Errors: a lost connection is thrown; everything else
// is the key's own and returned.
#pragma once

#include <optional>

#include "base/error.h"
#include "pg/connection.h"
#include "pg/enforcement.h"

namespace dbsync {

struct GuardRecord;
class GuardJournal;

// With a `record`, the key is validated and the record goes; else its rows are counted,
// since the server takes the key for proved already. ErrorKind::data, with the number of
// rows that refer to nothing and one of them, when it does not hold.
std::optional<Error> prove_key(PgConnection& connection, const EnforcedKey& key, const GuardRecord* record,
                               const GuardJournal* journal);

}  // namespace dbsync
