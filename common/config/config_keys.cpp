#include "config/config_keys.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/number.h"

namespace dbsync::config_detail {

namespace {

// Strings that are not checked. An empty value means the default: runbooks keep
// unused keys with "".
template <std::string Config::*member>
std::string store_text(Config& config, const std::string& value) {
  if (!value.empty()) config.*member = value;
  return {};
}

template <std::string MysqlEndpoint::*member>
std::string store_mysql_text(Config& config, const std::string& value) {
  if (!value.empty()) config.src_mysql.*member = value;
  return {};
}

template <class Number>
std::string store_number(Number& to, const std::string& value, Number least,
                         Number most = std::numeric_limits<Number>::max()) {
  const auto number = whole_number(value, least, most);
  if (!number) return fmt::format("\"{}\" is not a whole number from {} to {}", value, least, most);
  to = static_cast<Number>(*number);
  return {};
}

std::string store_port(Config& config, const std::string& value) {
  return store_number<std::uint16_t>(config.src_mysql.port, value, 1);
}

std::string store_binlogfile_offset(Config& config, const std::string& value) {
  return store_number<std::uint64_t>(config.src_mysql.binlogfile_offset, value, 0);
}

std::string store_reject_limit(Config& config, const std::string& value) {
  return store_number<std::uint64_t>(config.reject_limit, value, 0);
}

std::string store_retry_times(Config& config, const std::string& value) {
  return store_number<std::uint32_t>(config.retry_times, value, 0, 1000);
}

std::string store_network_timeout(Config& config, const std::string& value) {
  return store_number<std::uint32_t>(config.network_timeout, value, 0, 86400);
}

std::string store_retry_interval(Config& config, const std::string& value) {
  std::uint32_t seconds = 0;
  const std::string problem = store_number<std::uint32_t>(seconds, value, 1, 3600);
  if (problem.empty()) config.retry_interval = seconds;
  return problem;
}

std::string store_load_batch(Config& config, const std::string& value) {
  return store_number<std::uint32_t>(config.load_batch, value, 1);
}

std::string store_load_batch_gap(Config& config, const std::string& value) {
  return store_number<std::uint32_t>(config.load_batch_gap, value, 0);
}

std::string store_encoding(Config& config, const std::string& value) {
  constexpr std::array<std::string_view, 4> accepted{"", "utf8", "utf8mb3", "utf8mb4"};
  if (std::find(accepted.begin(), accepted.end(), to_lower(value)) == accepted.end())
    return fmt::format(
        "\"{}\" cannot be used: the transfer is always utf8mb4, since nothing may be lost, and the server converts "
        "each column's character set itself",
        value);
  config.src_mysql.encoding = "utf8mb4";
  return {};
}

// One of a few words, each with what it stands for.
template <class Value>
std::string store_choice(Value& to, const std::string& value,
                         std::initializer_list<std::pair<std::string_view, Value>> choices) {
  const std::string word = to_lower(value);
  if (word.empty()) return {};
  std::vector<std::string> names;
  for (const auto& [name, meaning] : choices) {
    if (name == word) {
      to = meaning;
      return {};
    }
    names.emplace_back(name);
  }
  return fmt::format("\"{}\" is none of {}", value, join(names, ", "));
}

std::string store_zero_date(Config& config, const std::string& value) {
  return store_choice<ZeroDatePolicy>(config.policies.zero_date, value,
                                      {{"null", ZeroDatePolicy::null_value},
                                       {"error", ZeroDatePolicy::error},
                                       {"-infinity", ZeroDatePolicy::minus_infinity}});
}

std::string store_nul_byte(Config& config, const std::string& value) {
  return store_choice<NulBytePolicy>(
      config.policies.nul_byte, value,
      {{"error", NulBytePolicy::error}, {"strip", NulBytePolicy::strip}, {"replace", NulBytePolicy::replace}});
}

std::string store_invalid_utf8(Config& config, const std::string& value) {
  return store_choice<InvalidUtf8Policy>(config.policies.invalid_utf8, value,
                                         {{"error", InvalidUtf8Policy::error},
                                          {"reject", InvalidUtf8Policy::error},
                                          {"replace", InvalidUtf8Policy::replace}});
}

// Both words mean a bad row; there is nothing sensible to change such a value to.
std::string store_out_of_range(Config&, const std::string& value) {
  bool ignored = false;
  return store_choice<bool>(ignored, value, {{"error", true}, {"reject", true}});
}

std::string store_conflicts(Config& config, const std::string& value) {
  using Conflicts = FollowConfig::Conflicts;
  return store_choice<Conflicts>(
      config.follow.conflicts, value,
      {{"error", Conflicts::error}, {"skip", Conflicts::skip}, {"overwrite", Conflicts::overwrite}});
}

std::string store_new_columns(Config& config, const std::string& value) {
  return store_choice<bool>(config.follow.add_columns, value, {{"add", true}, {"stop", false}});
}

std::string store_max_retained_wal(Config& config, const std::string& value) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  return store_number<std::uint64_t>(config.follow.max_retained_wal_mb, value, 0, kMost);
}

std::string store_over_limit(Config& config, const std::string& value) {
  return store_choice<bool>(config.follow.stop_over_limit, value, {{"warn", false}, {"stop", true}});
}

std::string store_without_key(Config& config, const std::string& value) {
  return store_choice<bool>(config.follow.publish_without_key, value, {{"stop", false}, {"publish", true}});
}

std::string store_failover(Config& config, const std::string& value) {
  return store_choice<bool>(config.follow.failover_slot, value, {{"on", true}, {"off", false}});
}

std::string store_spill_directory(Config& config, const std::string& value) {
  config.follow.spill_directory = value;
  return {};
}

std::string store_names(Config& config, const std::string& value) {
  return store_choice<bool>(config.lower_case_names, value, {{"keep", false}, {"lower", true}});
}

std::string store_index_names(Config& config, const std::string& value) {
  return store_choice<bool>(config.keep_index_names, value, {{"prefix", false}, {"keep", true}});
}

std::string store_on_update(Config& config, const std::string& value) {
  return store_choice<bool>(config.touch_triggers, value, {{"comment", false}, {"trigger", true}});
}

std::string store_generated(Config& config, const std::string& value) {
  return store_choice<GeneratedColumns>(
      config.generated_columns, value,
      {{"check", GeneratedColumns::check}, {"keep", GeneratedColumns::keep}, {"values", GeneratedColumns::values}});
}

std::string store_storage(Config& config, const std::string& value) {
  return store_choice<std::string>(config.storage, value,
                                   {{"heap", "heap"}, {"ao_row", "ao_row"}, {"ao_column", "ao_column"}});
}

std::string store_compress_type(Config& config, const std::string& value) {
  return store_choice<std::string>(
      config.compress_type, value,
      {{"none", "none"}, {"zstd", "zstd"}, {"zlib", "zlib"}, {"quicklz", "quicklz"}, {"rle_type", "rle_type"}});
}

std::string store_compress_level(Config& config, const std::string& value) {
  return store_number<std::uint32_t>(config.compress_level, value, 1, 19);
}

std::string store_ssl_mode(Config& config, const std::string& value) {
  constexpr std::array<std::string_view, 6> accepted{"",         "disabled",  "preferred",
                                                     "required", "verify_ca", "verify_identity"};
  const std::string mode = to_lower(value);
  if (std::find(accepted.begin(), accepted.end(), mode) == accepted.end())
    return fmt::format("\"{}\" is none of disabled, preferred, required, verify_ca, verify_identity", value);
  config.src_mysql.ssl_mode = mode;
  return {};
}

std::string store_consistency(Config& config, const std::string& value) {
  return store_choice<Consistency>(config.src_mysql.consistency, value,
                                   {{"auto", Consistency::automatic},
                                    {"binlog_position", Consistency::binlog_position},
                                    {"global_lock", Consistency::global_lock},
                                    {"table_locks", Consistency::table_locks},
                                    {"optimistic", Consistency::optimistic},
                                    {"none", Consistency::none}});
}

std::string store_lock_wait_timeout(Config& config, const std::string& value) {
  return store_number<std::uint32_t>(config.src_mysql.lock_wait_timeout, value, 1, 86400);
}

using enum Program;
constexpr std::string_view kIncrements =
    "bounds of a group of changes and a table list for following (-l names tables) are";
constexpr bool kActive = true;
constexpr bool kComment = false;

std::vector<ConfigKey> mysql_keys() {
  constexpr std::string_view s = "src.mysql";
  using M = MysqlEndpoint;
  return {
      {s, "host", store_mysql_text<&M::host>, "192.168.1.1", kActive,
       "Host name or address; default localhost, which is the default socket with port\n3306, and TCP with any other."},
      {s, "port", store_port, "3306", kActive, "TCP port; default 3306."},
      {s, "socket", store_mysql_text<&M::socket>, "/run/mysqld/mysqld.sock", kComment,
       "Unix socket; used instead of host and port when given."},
      {s, "user", store_mysql_text<&M::user>, "test", kActive, "Required."},
      {s, "password", store_mysql_text<&M::password>, "test", kActive,
       "The environment variable MYSQL_PWD goes before it."},
      {s, "db", store_mysql_text<&M::db>, "test", kActive, "Database whose tables are migrated. Required."},
      {s, "encodingdir", store_mysql_text<&M::encodingdir>, "share", kComment,
       "Directory of client character sets; rarely needed."},
      {s, "encoding", store_encoding, "utf8", kComment,
       "utf8, utf8mb3 and utf8mb4 all mean utf8mb4: nothing may be lost."},
      {s, "ssl_mode", store_ssl_mode, "required", kComment,
       "disabled, preferred (the default), required, verify_ca or verify_identity."},
      {s, "ssl_ca", store_mysql_text<&M::ssl_ca>, "/etc/ssl/mysql/ca.pem", kComment,
       "Certificate authorities that may have signed the server's certificate."},
      {s, "ssl_cert", store_mysql_text<&M::ssl_cert>, "/etc/ssl/mysql/client-cert.pem", kComment,
       "Certificate of the client; goes with ssl_key."},
      {s, "ssl_key", store_mysql_text<&M::ssl_key>, "/etc/ssl/mysql/client-key.pem", kComment,
       "Private key of ssl_cert."},
      {s, "consistency", store_consistency, "auto", kComment,
       "How all workers see one moment of the source: auto tries binlog_position,\nglobal_lock, table_locks and "
       "optimistic in this order; none does without."},
      {s, "lock_wait_timeout", store_lock_wait_timeout, "10", kComment,
       "Seconds that a snapshot may wait for its lock, 1 to 86400."},
      {s,
       "binlogfile",
       store_mysql_text<&M::binlogfile>,
       "mysql-bin.000001",
       kComment,
       "Binlog file from which --follow-only begins; default: where the source is now.",
       {},
       {mysql2pgsql}},
      {s,
       "binlogfile_offset",
       store_binlogfile_offset,
       "0",
       kComment,
       "Position in that file; 0 = its beginning.",
       {},
       {mysql2pgsql}},
  };
}

std::vector<ConfigKey> pgsql_keys() {
  return {
      {"src.pgsql", "connect_string", store_text<&Config::src_pgsql>,
       "host=192.168.1.1 dbname=test port=3432 user=test password=pgsql", kActive,
       "libpq connection string or postgresql:// URI. Required."},
      {"src.pgsql", "pg_bindir", store_text<&Config::pg_bindir>, "/usr/lib/postgresql/15/bin", kComment,
       "Directory of the pg_dump and pg_restore that --create and -d run, of the\nsource's version or a newer one; "
       "default: those on PATH."},
      {"src.pgsql", "include", store_text<&Config::include>, "sales.*, public.orders", kComment,
       "Tables that are copied: patterns schema.table or table, with * and ?, by\ncommas; default all. The option "
       "--include goes before it."},
      {"src.pgsql", "exclude", store_text<&Config::exclude>, "*.tmp_*", kComment,
       "Tables that are not copied, in the same way."},
      {"local.pgsql", "connect_string", store_text<&Config::local_pgsql>,
       "host=192.168.1.2 dbname=test port=3432 user=test2 password=pgsql", kComment,
       "Without it, the status tables live in a schema dbsync of the target."},
      {"local.pgsql", "task", store_text<&Config::task>, "default", kComment,
       "Name under which the status of this configuration is kept, so that\nseveral can share one database."},
      {"desc.pgsql", "connect_string", store_text<&Config::desc_pgsql>,
       "host=192.168.1.3 dbname=test port=3432 user=test3 password=pgsql", kActive,
       "libpq connection string or postgresql:// URI: SSL options, service=,\npassfile= and several hosts work. "
       "Required, unless only DDL is printed (-d)."},
      {"desc.pgsql", "ignore_copy_error_count_each_table", store_reject_limit, "0", kComment,
       "Rows that may be set aside per table before that table fails: bad values\nand rows that the server refuses. "
       "They go into reject_directory."},
      {"desc.pgsql", "reject_directory", store_text<&Config::reject_directory>, "rejects", kComment,
       "Directory for set-aside rows, one <schema>.<table>.jsonl each."},
      {"desc.pgsql", "target_schema", store_text<&Config::target_schema>, "public", kComment,
       "Schema of the target tables of mysql2pgsql; the option -s wins; default\npublic. pgsql2pgsql keeps the schemas "
       "of "
       "the source, unless -s or [schema_map]\nsays otherwise."},
  };
}

std::vector<ConfigKey> copy_keys() {
  constexpr std::string_view s = "copy";
  return {
      {s, "retry_times", store_retry_times, "5", kComment,
       "New tries for a chunk after a lost connection, a server that restarts or a\ndeadlock; 0 to 1000."},
      {s, "retry_interval", store_retry_interval, "2", kComment,
       "Seconds before the first new try; each later one waits twice as long."},
      {s, "network_timeout", store_network_timeout, "60", kComment,
       "Seconds after which a server counts as lost whose host or network gives no sign of\nlife, when connecting too; "
       "0 = as long as the system waits. A server that is busy,\nor does not read, is waited for without limit."},
  };
}

std::vector<ConfigKey> value_keys() {
  constexpr std::string_view s = "values";
  return {
      {s, "zero_date", store_zero_date, "null", kComment,
       "Zero, partly zero and impossible dates become: null, -infinity, or error.\nWith null, NOT NULL of date columns "
       "is set after the load, where it holds."},
      {s, "nul_byte", store_nul_byte, "error", kComment, "NUL bytes in text: error, strip, or replace (by U+FFFD)."},
      {s, "invalid_utf8", store_invalid_utf8, "error", kComment,
       "Bytes in text that are not UTF-8: error, or replace (by U+FFFD)."},
      {s, "out_of_range", store_out_of_range, "error", kComment,
       "Numbers, times and booleans outside of the target type: error."},
  };
}

std::vector<ConfigKey> ddl_keys() {
  return {
      {"ddl", "names", store_names, "keep", kComment, "Names of tables and columns: keep them as they are, or lower."},
      {"ddl", "index_names", store_index_names, "prefix", kComment,
       "Names of indexes: prefix puts the table's name before them, keep leaves those\nas they are that are unique in "
       "the target's schema."},
      {"ddl", "on_update_timestamp", store_on_update, "comment", kComment,
       "ON UPDATE CURRENT_TIMESTAMP becomes a comment, or a trigger."},
      {"ddl", "generated_columns", store_generated, "check", kComment,
       "Generated columns that PostgreSQL may compute otherwise: check the source's rows\nand, where they differ, make "
       "ordinary columns; keep them generated; or values,\nordinary columns for all of them."},
      {"greenplum", "storage", store_storage, "heap", kComment,
       "heap (fits keys and increments), ao_row, or ao_column (fits analytics)."},
      {"greenplum", "compresstype", store_compress_type, "zstd", kComment, "Compression of ao_row and ao_column."},
      {"greenplum", "compresslevel", store_compress_level, "3", kComment, "Its level, 1 to 19."},
  };
}

std::vector<ConfigKey> follow_keys() {
  constexpr std::string_view s = "follow";
  return {
      {s, "conflicts", store_conflicts, "error", kComment,
       "Changes that do not fit the target's rows (no such row, key taken): error\nstops, skip leaves the target's "
       "row, "
       "overwrite makes it the source's."},
      {s, "new_columns", store_new_columns, "add", kComment,
       "Columns that appear on the source: add them on the target where their\ndefinition can be derived, or stop."},
      {s, "tables_without_key", store_without_key, "stop", kComment,
       "Tables without primary key or other replica identity, whose UPDATEs and DELETEs\nthe source refuses as long as "
       "they "
       "are followed: stop before the task begins, or\npublish them all the same."},
      {s, "max_retained_wal", store_max_retained_wal, "10240", kComment,
       "MiB of WAL that the slot may keep on the source before a warning is given;\n0 = no limit."},
      {s, "over_max_retained_wal", store_over_limit, "warn", kComment,
       "What to do then: warn, or drop the slot and stop, so that the source's disk\ndoes not fill; the task must "
       "begin "
       "anew after that."},
      {s, "failover_slot", store_failover, "on", kComment,
       "Whether standbys of the source may take the slot over when one is promoted: on, or\noff. From PostgreSQL 17 "
       "on."},
      {s, "spill_directory", store_spill_directory, "/var/tmp", kComment,
       "Directory for transactions of more than 16 MiB; default TMPDIR, else /var/tmp."},
  };
}

std::vector<ConfigKey> loader_keys() {
  constexpr std::string_view s = "binlogloader";
  return {
      {s,
       "loader_table_list",
       store_text<&Config::loader_table_list>,
       "loader_table_list.txt",
       kComment,
       "File that names the tables whose changes are loaded, one a line.",
       kIncrements,
       {mysql2pgsql}},
      {s, "load_batch", store_load_batch, "10", kComment, "Size of a batch of changes.", kIncrements, {mysql2pgsql}},
      {s,
       "load_batch_gap",
       store_load_batch_gap,
       "10",
       kComment,
       "Pause between two batches.",
       kIncrements,
       {mysql2pgsql}},
  };
}

std::vector<ConfigKey> all_keys() {
  std::vector<ConfigKey> keys = mysql_keys();
  for (auto more : {pgsql_keys(), copy_keys(), value_keys(), ddl_keys(), follow_keys(), loader_keys()})
    keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

template <std::vector<IniEntry> Config::*member>
void store_rule(Config& config, const IniEntry& entry) {
  (config.*member).push_back(entry);
}

}  // namespace

const std::vector<ConfigSection>& config_sections() {
  static const std::vector<ConfigSection> sections{
      {"src.mysql", "Source of mysql2pgsql: MySQL or MariaDB."},
      {"src.pgsql", "Source of pgsql2pgsql: PostgreSQL."},
      {"local.pgsql", "Database for the status tables; optional."},
      {"desc.pgsql", "Target of both programs: PostgreSQL, Greenplum or a relative."},
      {"copy", "How rows are copied."},
      {"values", "Values that PostgreSQL cannot hold; each change is counted in the summary."},
      {"types", "Other target types, most specific rule first; share/doc/types.md lists them.",
       store_rule<&Config::type_rules>,
       "tinyint(1) = boolean\nbigint unsigned = bigint\norders.flags = text[]\n*.uuid binary(16) = uuid"},
      {"ddl", "How DDL is written."},
      {"distribution", "Distribution per table on Greenplum and its relatives.",
       store_rule<&Config::distribution_rules>, "orders = customer_id\ncountries = replicated\nevents = randomly"},
      {"schema_map", "pgsql2pgsql: other schemas on the target; the option -s maps all into one.",
       store_rule<&Config::schema_rules>, "sales = sales_2024\nlegacy = archive"},
      {"table_map", "Other table names on the target; several source tables may become one.",
       store_rule<&Config::table_rules>, "orders_old = orders\ncustomers_* = customers\nlog = archive.log"},
      {"column_map", "Other column names on the target: source table and column = new name.",
       store_rule<&Config::column_rules>, "orders_old.cust = customer_id"},
      {"exclude_columns", "Columns that are not copied, per source table.", store_rule<&Config::exclusion_rules>,
       "users = password_hash, token"},
      {"origin_column", "A column that tells where a row is from, per source table: its name, or name : value.",
       store_rule<&Config::origin_rules>, "customers_* = __dts_data_source\norders_old = source : history"},
      {"greenplum", "Storage of created tables on Greenplum and its relatives."},
      {"follow", "Following the changes of the source; optional."},
      {"binlogloader", "Increments of mysql2pgsql; optional."},
  };
  return sections;
}

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = all_keys();
  return keys;
}

}  // namespace dbsync::config_detail
