// Foreign keys and triggers of the target that a copy has taken off, as the journal
// knows them: what they were stands in dbsync.copy_guard from the transaction that
// takes them off to the one that has them back, so that no kill can lose them.
//
// A definition from the journal is run as one statement, which must be that of a
// foreign key; everything else is made of quoted names.
//
// Threads: as the connection. Errors: of the connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "copy/load_journal.h"
#include "pg/connection.h"
#include "pg/enforcement.h"

namespace dbsync {

struct GuardRecord {
  bool key = true;  // else a trigger
  QualifiedName table;
  std::string name;
  std::string definition;  // pg_get_constraintdef; of a trigger, its tgenabled
  std::string comment;
  bool valid = true;      // it was, and is to be again
  bool taken_off = true;  // else it stands again, but is not proved yet

  std::string display() const;
};

class GuardJournal {
 public:
  explicit GuardJournal(std::int64_t run) : run_(std::to_string(run)) {}

  std::vector<GuardRecord> read(PgConnection& connection) const;

  // Makes the journal's table when it is missing.
  static void make_table(PgConnection& connection);

  // In the caller's transaction. A key that an earlier run has put back and not proved
  // keeps what was noted of it then.
  void take_off(PgConnection& connection, const EnforcedKey& key) const;
  void take_off(PgConnection& connection, const EnforcedTrigger& trigger) const;

  // Each in a transaction of its own. A key comes back NOT VALID where the server can;
  // false when there is nothing to put it on any more (said in the log, and forgotten).
  bool put_back(PgConnection& connection, const GuardRecord& record) const;
  // The key, as it stands now, holds for all rows, or the server's error (23503) says
  // that it does not. In a transaction of its own.
  void validate(PgConnection& connection, const GuardRecord& record, const EnforcedKey& key) const;
  void forget(PgConnection& connection, const GuardRecord& record) const;

 private:
  void set_standing(PgConnection& connection, const GuardRecord& record) const;
  std::vector<std::optional<std::string>> key_of(const GuardRecord& record) const;

  std::string run_;
};

// For --cleanup: puts back what runs of this key have left off, and proves the keys.
// Returns what is wrong: a key that could not be put back, or with rows that refer to nothing.
std::vector<Error> put_back_guards(PgConnection& connection, const JournalKey& key);

}  // namespace dbsync
