// The status in PostgreSQL tables: db_sync_status, one row a run, and
// db_sync_tables, one row a run and table.
//
// They live in the database of [local.pgsql], in the schema that is current
// there, or in the schema dbsync of the target. Tables of an older version get
// the columns that they lack.
//
// Threads: one at a time. Errors: of the connection. A lost connection is made
// again by the next call.
#pragma once

#include <memory>
#include <string>

#include "pg/connection.h"
#include "pg/together.h"
#include "status/status_store.h"

namespace dbsync {

struct StatusPlace {
  std::string conninfo;
  std::string schema;  // "" = the current one
};

// `local` goes before `target`.
StatusPlace status_place(const std::string& local_conninfo, const std::string& target_conninfo);

// It will be written to soon.
void open_ahead(const StatusPlace& place);

class PgStatusStore : public StatusStore {
 public:
  explicit PgStatusStore(StatusPlace place) : place_(std::move(place)) {}

  void begin(RunStatus& run) override;
  void add_tables(const RunStatus& run, const std::vector<TableStatus>& tables) override;
  void update(const RunStatus& run, const std::vector<TableStatus>& tables, const std::vector<std::size_t>& changed,
              bool ended) override;
  void begin_following(RunStatus& run) override;
  void update_following(const RunStatus& run) override;
  std::optional<StatusReport> latest(const std::string& task) override;

 private:
  PgConnection& connection();
  std::string table(const char* name) const;
  bool exists();
  void create_tables();
  PgQuery update_of(const RunStatus& run, bool ended) const;

  StatusPlace place_;
  std::unique_ptr<PgConnection> connection_;
};

}  // namespace dbsync
