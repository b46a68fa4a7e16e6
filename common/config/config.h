// The configuration of both programs, read from my.cfg.
//
// One table of keys (section, name, type, default, help) drives parsing, the
// "did you mean" of unknown keys and the text of my.cfg.sample.
//
// Threads: an immutable value after loading.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/ini_file.h"
#include "config/policies.h"

namespace dbsync {

enum class Program { mysql2pgsql, pgsql2pgsql };

// How all workers come to see one moment of a MySQL source; see mysql_snapshot.h.
enum class Consistency { automatic, binlog_position, global_lock, table_locks, optimistic, none };

struct MysqlEndpoint {
  std::string host = "localhost";
  std::uint16_t port = 3306;
  std::string user;
  std::string password;  // never logged
  std::string db;
  std::string socket;       // unix socket; wins over host when set
  std::string encodingdir;  // directory of client character sets; optional
  std::string encoding = "utf8mb4";
  std::string ssl_ca;
  std::string ssl_cert;
  std::string ssl_key;
  std::string ssl_mode;  // disabled, preferred, required, verify_ca, verify_identity; "" = library default
  std::string compress;  // off, zlib, zstd; "" = off
  Consistency consistency = Consistency::automatic;
  std::uint32_t lock_wait_timeout = 10;  // seconds, for the locks of a snapshot
  std::string binlogfile;
  std::uint64_t binlogfile_offset = 0;

  // "user@host:port/db" or "user@socket/db", for messages.
  std::string describe() const;
};

// [follow]: the incremental phase of pgsql2pgsql.
struct FollowConfig {
  enum class Conflicts { error, skip, overwrite };
  // Tables on which the source refuses UPDATE and DELETE when they are published: copied
  // only, a reason to stop, or published all the same.
  enum class WithoutKey { leave, stop, publish };

  Conflicts conflicts = Conflicts::error;
  bool add_columns = true;                // new columns of the source are added on the target
  std::uint64_t max_retained_wal_mb = 0;  // MiB; 0 = no limit
  WithoutKey without_key = WithoutKey::leave;
  bool failover_slot = true;     // from PostgreSQL 17 on: standbys of the source may take the slot over
  bool stop_over_limit = false;  // end the task's WAL retention when the limit is passed
  std::string spill_directory;   // of large transactions; "" = TMPDIR
};

struct Config {
  std::string path;  // as given, for messages
  MysqlEndpoint src_mysql;
  std::string src_pgsql;         // libpq connection strings, passed through whole
  std::string local_pgsql;       // "" when the section is missing
  std::string task = "default";  // [local.pgsql] task: whose status it is
  std::string pg_bindir;         // [src.pgsql] pg_bindir: where pg_dump is; "" = PATH
  std::string include;           // [src.pgsql] include, exclude: patterns, by commas
  std::string exclude;
  std::string desc_pgsql;
  std::uint64_t reject_limit = 0;  // ignore_copy_error_count_each_table
  std::string reject_directory = "rejects";
  std::string target_schema = "public";                          // [desc.pgsql] target_schema
  ValuePolicies policies;                                        // [values]
  bool lower_case_names = false;                                 // [ddl] names = lower
  GeneratedColumns generated_columns = GeneratedColumns::check;  // [ddl] generated_columns
  bool keep_index_names = false;                                 // [ddl] index_names = keep
  bool touch_triggers = false;                                   // [ddl] on_update_timestamp = trigger
  std::string storage;                                           // [greenplum] storage: heap, ao_row, ao_column
  std::string compress_type;                                     // zstd, zlib, …
  std::uint32_t compress_level = 0;                              // 0 = the server's default
  std::vector<IniEntry> storage_rules;                           // [greenplum] table.storage and so on
  // Sections whose keys are patterns and names, read by those who know them.
  std::vector<IniEntry> type_rules;          // [types]
  std::vector<IniEntry> distribution_rules;  // [distribution]
  std::vector<IniEntry> schema_rules;        // [schema_map]
  std::vector<IniEntry> table_rules;         // [table_map]
  std::vector<IniEntry> column_rules;        // [column_map]
  std::vector<IniEntry> exclusion_rules;     // [exclude_columns]
  std::vector<IniEntry> origin_rules;        // [origin_column]
  std::string loader_table_list;             // [binlogloader]: file with the tables that are followed
  std::uint32_t load_batch = 0;              // changes in a group; 0 = what waits
  std::uint32_t load_batch_gap = 10;         // seconds that a change waits for its group
  std::uint32_t retry_times = 5;             // [copy] per chunk
  double retry_interval = 2;                 // seconds before the first new try
  std::uint32_t network_timeout = 60;        // seconds without a word from a server's host; 0 = no limit
  FollowConfig follow;                       // [follow]
  // For the log, at the start: "my.cfg holds passwords, and …".
  std::vector<std::string> warnings;
};

// Reads the file and checks all keys and values. `need_target` is false when
// nothing will be written to the target (then [desc.pgsql] may be missing).
// The environment variable MYSQL_PWD goes before the [src.mysql] password;
// PGPASSWORD is libpq's own business.
// Errors: ErrorKind::config, naming file, line, section and key, before any
// connection is made.
Config load_config(const std::string& path, Program program, bool need_target);

// The same from text already in memory (`name` for messages).
Config parse_config(std::string_view text, const std::string& name, Program program, bool need_target);

// The text of my.cfg.sample, from the same table of keys.
std::string sample_config();

}  // namespace dbsync
