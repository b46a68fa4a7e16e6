// Makes what comes before the rows: in one transaction, or in several where one
// would take more locks than the server has room for (schema_order.h).
//
// "Creates what the target lacks": an item whose name is there already stays as
// it is, and so does what belongs to it. A table that is there keeps its own
// partitions.
//
// Threads: one. Errors: those of single items are collected in the state; what
// ends the whole (connection, room, interruption) is thrown.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "pg/connection.h"
#include "pg/hints.h"
#include "pgsql2pgsql/schema/schema_order.h"
#include "pgsql2pgsql/schema/schema_plan.h"

namespace dbsync {

// What became of the items so far.
struct SchemaState {
  std::set<const PgRelation*> created;
  std::set<const PgRelation*> existing;  // before this run
  std::set<int> skipped;                 // items that were not made
  std::vector<Error> problems;
  std::vector<std::string> notes;

  // Collects what an item failed with, its hint by the step; of what need not stop
  // anybody, a note.
  void failed(const SchemaItem& item, Error error);
  void problem(const std::string& what, Error error, PgStep step);
};

// It is there already.
bool is_duplicate(const SchemaItem& item, const Error& error);

class SchemaCreation {
 public:
  // Writes into the transaction that makes the first items that they are being made.
  using Note = std::function<void(PgConnection&)>;

  // All must outlive the object. The connection has its settings.
  SchemaCreation(PgConnection& connection, const SchemaPlan& plan, SchemaState& state, Note note, std::stop_token drain)
      : connection_(connection), plan_(plan), state_(state), note_(std::move(note)), drain_(std::move(drain)) {}

  void run(const SchemaMap& map, const SelectedTables& selected);

 private:
  using Items = std::vector<const SchemaItem*>;

  void find_existing(const SchemaMap& map);
  void make_schemas(const SchemaMap& map, const SelectedTables& selected);
  void make_items();
  void make(const Items& batch);
  void stop_if_asked() const;
  bool stands_on_existing(const SchemaItem& item) const;
  bool to_create(const SchemaItem& item);
  std::optional<Error> attempt(const Items& items);
  void make_alone(const SchemaItem& item);

  PgConnection& connection_;
  const SchemaPlan& plan_;
  SchemaState& state_;
  Note note_;
  std::stop_token drain_;
  bool committed_ = false;  // some of it
};

}  // namespace dbsync
