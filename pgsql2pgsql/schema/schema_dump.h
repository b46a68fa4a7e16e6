// The schema of a source as pg_dump writes it, cut into the items of its table
// of contents.
//
// pg_dump of the source's version or a newer one writes an archive inside the
// snapshot; pg_restore lists its table of contents per section and prints the
// SQL with each item's number, so that the text is cut by numbers that the list
// confirms, not by reading SQL. Owners, privileges, tablespaces, publications
// and subscriptions are left out.
//
// Threads: dump_schema may be called by any; a SchemaDump belongs to one. Errors: ErrorKind::config when no pg_dump is
// new enough, ErrorKind::source when it fails. The password goes through the environment of the child process only,
// and not even there where pg_dump finds the source over a connection of ours (dump_relay.h).
// Source: PostgreSQL manual, pg_dump, pg_restore; the comments that pg_restore
// --verbose writes ("TOC entry 12 (class 1259 OID 16395)").
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

struct SchemaItem {
  int id = 0;                   // in the archive
  std::uint32_t class_oid = 0;  // pg_class's for tables, indexes, …; 0 for what has no object
  std::uint32_t oid = 0;        // of the object on the source
  std::string type;             // "TABLE", "FK CONSTRAINT", …
  std::string tag;              // "orders orders_pkey"; control characters are blanks
  std::string schema;           // "-" = none; control characters are blanks
  bool post_data = false;
  std::vector<int> depends_on;
  std::string sql;

  std::string describe() const { return type + " " + (schema == "-" ? "" : schema + ".") + tag; }
};

struct DumpRequest {
  std::string conninfo;
  int server_version = 0;  // PQserverVersion of the source
  std::string snapshot;    // "" = pg_dump takes its own
  std::string bindir;      // "" = PATH
  std::string encoding;    // of its SQL
  std::string options;     // of its connection, beyond those of conninfo (share/sql/dump_settings.sql)
};

// In the order of the archive, which puts every item behind what it depends on.
std::vector<SchemaItem> dump_schema(const DumpRequest& request, const std::stop_token& stop);

// The same in a thread of its own, beginning now: reading a schema of thousands of
// tables takes as long as all else before the first row. Destruction ends a
// pg_dump that nobody waits for any more.
class SchemaDump {
 public:
  SchemaDump(DumpRequest request, std::stop_token stop);
  ~SchemaDump() { unwanted_.request_stop(); }
  SchemaDump(const SchemaDump&) = delete;
  SchemaDump& operator=(const SchemaDump&) = delete;

  // Waits. Once.
  std::vector<SchemaItem> items() { return items_.get(); }

 private:
  std::stop_source unwanted_;
  std::stop_callback<std::function<void()>> on_stop_;
  std::future<std::vector<SchemaItem>> items_;  // first to go: waits for its thread
};

// Parts of it that need no server, for tests.
// The major version in "pg_dump (PostgreSQL) 15.18 (Debian …)"; 0 when there is none.
int program_major(std::string_view version_text);
// The item numbers of a list (pg_restore --list), in order.
std::vector<int> listed_items(std::string_view list);
// Cuts the script of pg_restore --verbose; `ids` are the numbers that must occur, in order.
std::vector<SchemaItem> cut_script(std::string_view script, const std::vector<int>& ids);

}  // namespace dbsync
