// The publication and the replication slot of a task on the source.
//
// The publication must exist before the slot, and must not be dropped and made
// again while the slot is in use: the server would decode old changes with a
// catalog that has no such publication. From 13 on partitioned tables are
// published by their root.
//
// Errors: ErrorKind::source with the command that helps. Threads: as PgConnection.
// Source: PostgreSQL manual, "Logical Replication" and "Replication Slots".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cdc/position.h"
#include "cdc/relation.h"
#include "pg/connection.h"
#include "pg/together.h"
#include "pgsql2pgsql/follow/replication_connection.h"
#include "schema/table.h"

namespace dbsync {

// What keeps the source from sending its changes: empty when nothing does. Each
// is a sentence that names the setting and its value.
std::vector<std::string> obstacles_to_following(PgConnection& source);

// --- publication

// foreign: of another role, or seen on a standby, so it stays as it is
enum class PublicationState { missing, own, foreign };
PublicationState publication_state(PgConnection& source, const std::string& name);
// True when partitioned tables are published by their root.
bool publishes_roots(const PgConnection& source);
// "ONLY a, ONLY b": these tables and no others that inherit from them.
std::string only_tables(const std::vector<QualifiedName>& tables);
std::string publication_sql(const PgConnection& source, const std::string& name,
                            const std::vector<QualifiedName>& tables);
void create_publication(PgConnection& source, const std::string& name, const std::vector<QualifiedName>& tables);
void drop_publication(PgConnection& source, const std::string& name);
std::vector<QualifiedName> published_tables(PgConnection& source, const std::string& name);
// Whether the publication sends stored generated columns; and whether it will, once a
// task has made it: one of another role stays as it is.
bool sends_generated(PgConnection& source, const std::string& publication);
inline constexpr int kSendsGeneratedSince = 180000;  // stored generated columns
bool will_send_generated(PgConnection& source, const std::string& publication);
// The columns that the changes of these tables bring; `id` is the table's oid.
std::vector<Relation> published_columns(PgConnection& source, const std::string& publication,
                                        const std::vector<std::uint32_t>& oids);
// The oids of all types of published columns but enums.
std::vector<std::uint32_t> published_types(PgConnection& source, const std::string& publication);

// --- slot

struct SlotState {
  std::string plugin;
  std::string database;
  bool active = false;
  std::int64_t active_pid = 0;
  Position confirmed;
  std::uint64_t retained_bytes = 0;           // of WAL that the slot keeps on the source
  std::string wal_status;                     // reserved, extended, unreserved, lost; "" before 13
  std::optional<std::int64_t> safe_wal_size;  // bytes until the slot is lost; unset = no limit
  std::string invalidated;                    // why (from 16 on), when it is "lost"
};

// As read_slot(), published_types() and sends_generated() ask, for PgPrefetch.
PgQuery question_of_slot(const PgConnection& source, const std::string& name);
PgQuery question_of_published_types(const std::string& publication);
PgQuery question_of_sent_generated(const std::string& publication);

std::optional<SlotState> read_slot(PgConnection& source, const std::string& name);

struct CreatedSlot {
  Position start;        // changes that commit behind it are sent
  std::string snapshot;  // of the database at `start`: SET TRANSACTION SNAPSHOT
};

// The snapshot can be imported while `connection` lives and runs nothing else.
// A temporary one goes with the connection.
enum class SlotLife { permanent, temporary };
// `failover`: standbys may keep it in step, where the server can (17, not on a standby).
CreatedSlot create_slot(ReplicationConnection& connection, const std::string& name, SlotLife life,
                        bool failover = false);
void drop_slot(PgConnection& source, const std::string& name);
// Both wait some seconds for a walsender that has just lost its client to let go of the slot.
void when_slot_is_free(const std::function<void()>& action);
void drop_slot_when_free(PgConnection& source, const std::string& name);

}  // namespace dbsync
