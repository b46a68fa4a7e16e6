// Whether the changes of tables tell which row they are of: replica identities.
//
// Source: PostgreSQL manual, "Logical Replication, Publication" (replica identity) and
// ALTER TABLE. Threads: that of the connection. Errors: of the source.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "pg/connection.h"
#include "pg/together.h"
#include "schema/table.h"

namespace dbsync {

// Of tables and their partitions, one whose UPDATEs and DELETEs the source would refuse,
// were it published, for want of a replica identity.
struct TableWithoutIdentity {
  std::uint32_t published = 0;  // the table, or the root of its tree
  QualifiedName name;
  std::string index;   // unique, over NOT NULL columns; "" = there is none
  std::string reason;  // why the identity that it has is none; "" = it has none
  bool partition = false;
  bool partial = false;  // a part of it is not sent: an UPDATE may be let through and meet other rows

  std::string describe() const;
  std::string fact() const;  // "its key is deferrable"
  std::string remedy_sql() const;
};
std::vector<TableWithoutIdentity> tables_without_identity(PgConnection& source, const std::vector<std::uint32_t>& oids);
PgQuery question_without_identity(const PgConnection& source, const std::vector<std::uint32_t>& oids);  // as it asks

// Such tables cannot be published all the same. Errors: ErrorKind::source.
void refuse_partial_keys(PgConnection& source, const std::vector<TableWithoutIdentity>& tables);

// "on the source: ALTER TABLE …; ALTER TABLE …", the first ten of them.
std::string remedies(PgConnection& source, const std::vector<TableWithoutIdentity>& tables);

// A leaf whose rows come as its root's and are told apart otherwise, so that some changes
// of a key would come without the old one.
struct LeafOfOtherIdentity {
  std::uint32_t published = 0;  // the root
  QualifiedName root;
  QualifiedName leaf;
  std::string remedy_sql;
  // The root has an identity: changes come that seem to tell their row, and do not. Without
  // one only INSERTs can be applied, and the first UPDATE stops.
  bool misleads = false;

  std::string describe() const;
};

// As leaves_of_other_identity() asks, for PgPrefetch.
PgQuery question_of_leaves(const std::vector<std::uint32_t>& oids);
std::vector<LeafOfOtherIdentity> leaves_of_other_identity(PgConnection& source, const std::vector<std::uint32_t>& oids);
// Errors: ErrorKind::source, naming leaves and remedies, when there are some that mislead.
void refuse_other_identities(PgConnection& source, const std::vector<std::uint32_t>& oids);
// The same when there are any.
void refuse_any_other_identities(PgConnection& source, const std::vector<std::uint32_t>& oids);

}  // namespace dbsync
