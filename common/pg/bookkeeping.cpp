#include "pg/bookkeeping.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kInternalTriggersSince = 90000;
constexpr int kRowSecuritySince = 90500;

const std::vector<std::string>& our_tables() {
  static const std::vector<std::string> names{"copy_run",      "copy_table",       "copy_chunk",     "copy_step",
                                              "copy_guard",    "apply_progress",   "apply_source",   "apply_tables",
                                              "apply_columns", "apply_partitions", "apply_choice",   "apply_left",
                                              "apply_resync",  "apply_memory",     "apply_targets",  "apply_triggers",
                                              "apply_files",   "apply_looked",     "db_sync_status", "db_sync_tables"};
  return names;
}

constexpr char kRowSecurity[] =
    "SELECT 'the table ' || n.nspname || '.' || c.relname || ' has row-level security' FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 "
    "AND c.relname = ANY ($2::pg_catalog.name[]) AND (c.relrowsecurity OR EXISTS "
    "(SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid))";

// A row without a table: the schema is there.
constexpr char kColumns[] =
    "SELECT '', '' FROM pg_catalog.pg_namespace WHERE nspname = $1 UNION ALL "
    "SELECT c.relname::text, a.attname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
    "c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid WHERE n.nspname = $1 AND c.relname::text = "
    "ANY "
    "($2::text[]) AND a.attnum > 0 AND NOT a.attisdropped";

void refuse_untrusted(const PgConnection& connection, const std::string& schema,
                      const std::vector<std::string>& found) {
  if (found.empty()) return;
  throw Error(ErrorKind::target,
              fmt::format("the bookkeeping on {} is not trusted: {}", connection.endpoint(), join(found, "; ")))
      .hint(fmt::format(
          "another role could have this program run statements with its rights. Find out who made it; if it may be "
          "kept, a superuser gives it to the role of the connect_string ({} OWNER TO …), else drop it",
          schema == kBookkeepingSchema ? "ALTER SCHEMA dbsync OWNER TO …, ALTER TABLE dbsync.…" : "ALTER TABLE …"));
}

// To be sent in the transaction that makes tables: two runs that begin at once would both
// find none. Rows of an append-optimized table cannot have a key, and are slow to change, so
// Greenplum makes heap tables of them, whatever the database makes of new ones.
std::vector<PgQuery> lock_statements(const PgConnection& connection) {
  constexpr int kAnyNumber = 7236841;
  constexpr int kTableAccessMethods = 120000;  // PostgreSQL 12, Greenplum 7
  std::vector<PgQuery> out{{fmt::format("SELECT pg_catalog.pg_advisory_xact_lock({})", kAnyNumber)}};
  if (!connection.parameter("gp_server_version").empty())
    out.push_back({connection.server_version() < kTableAccessMethods
                       ? "SET LOCAL gp_default_storage_options = 'appendonly=false'"
                       : "SET LOCAL default_table_access_method = heap"});
  return out;
}

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kStaysKnown{30};

struct Known {
  BookkeepingTables tables;
  Clock::time_point since = {};
};

// By endpoint and schema, for all threads.
class Memory {
 public:
  std::optional<BookkeepingTables> find(const PgConnection& connection, const std::string& schema) {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find({connection.endpoint(), schema});
    if (found == known_.end() || Clock::now() - found->second.since > kStaysKnown) return std::nullopt;
    return found->second.tables;
  }
  // Beside what another thread has come to know, whose look may be the later one.
  void keep(const PgConnection& connection, const std::string& schema, BookkeepingTables tables) {
    const std::lock_guard lock(mutex_);
    Known& known = known_[{connection.endpoint(), schema}];
    if (Clock::now() - known.since <= kStaysKnown) {
      for (const auto& [table, columns] : known.tables.columns)
        tables.columns[table].insert(columns.begin(), columns.end());
      tables.schema = tables.schema || known.tables.schema;
    }
    known = {std::move(tables), Clock::now()};
  }
  void forget(const PgConnection& connection) {
    const std::lock_guard lock(mutex_);
    std::erase_if(known_, [&](const auto& entry) { return entry.first.first == connection.endpoint(); });
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Known> known_;
};

Memory& memory() {
  static Memory out;
  return out;
}

// Asks between `before` and `behind`, in one round trip.
BookkeepingTables look(PgConnection& connection, const std::string& schema, std::vector<PgQuery> before = {},
                       const std::vector<PgQuery>& behind = {}) {
  const std::size_t first = before.size();
  for (PgQuery& question : questions_of_bookkeeping(connection, schema)) before.push_back(std::move(question));
  const std::size_t last = before.size() - 1;
  before.insert(before.end(), behind.begin(), behind.end());
  const bool reads = first == 0 && behind.empty();
  const auto answers = reads ? ask_together(connection, before) : exec_together(connection, before);
  std::vector<std::string> untrusted;
  for (std::size_t i = first; i < last; ++i)
    for (int row = 0; row < answers[i].rows(); ++row) untrusted.push_back(answers[i].text(row, 0));
  refuse_untrusted(connection, schema, untrusted);
  BookkeepingTables out;
  for (int row = 0; row < answers[last].rows(); ++row) {
    if (answers[last].value(row, 0).empty())
      out.schema = true;
    else
      out.columns[answers[last].text(row, 0)].insert(answers[last].text(row, 1));
  }
  return out;
}

}  // namespace

// The last of them tells the columns, the others what is not trusted.
std::vector<PgQuery> questions_of_bookkeeping(const PgConnection& connection, const std::string& schema) {
  const std::string tables = array_text(our_tables());
  std::vector<PgQuery> out;
  // Greenplum 5 has not all of the catalog.
  if (connection.server_version() >= kInternalTriggersSince)
    out.push_back({sql::bookkeeping_tables, {schema, tables, schema == kBookkeepingSchema ? "t" : "f"}});
  if (connection.server_version() >= kRowSecuritySince) out.push_back({kRowSecurity, {schema, tables}});
  out.push_back({kColumns, {schema, tables}});
  return out;
}

BookkeepingTables bookkeeping_tables(PgConnection& connection, const std::string& schema) {
  if (auto known = memory().find(connection, schema)) return *known;
  BookkeepingTables out = look(connection, schema);
  memory().keep(connection, schema, out);
  return out;
}

void make_bookkeeping(PgConnection& connection, const std::string& schema, const LackingTables& lacking) {
  if (lacking(bookkeeping_tables(connection, schema)).empty()) return;
  // The threads of a run do not wait for each other on the server.
  static std::mutex making;
  const std::lock_guard one_at_a_time(making);
  memory().forget(connection);
  PgTransaction transaction(connection, PgTransaction::BegunElsewhere{});
  std::vector<PgQuery> before{{"BEGIN"}};
  for (PgQuery& statement : lock_statements(connection)) before.push_back(std::move(statement));
  const BookkeepingTables there = look(connection, schema, std::move(before));
  const std::string statements = lacking(there);
  if (statements.empty()) return transaction.commit();
  connection.exec((there.schema ? "" : "CREATE SCHEMA " + quote_identifier(schema) + ";\n") + statements);
  const BookkeepingTables made = look(connection, schema, {}, {{"COMMIT"}});
  transaction.was_committed();
  memory().keep(connection, schema, made);
}

void forget_bookkeeping(const PgConnection& connection) { memory().forget(connection); }

}  // namespace dbsync
