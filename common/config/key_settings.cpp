// The settings of my.cfg.
#include <limits>

#include <fmt/format.h>

#include "config/settings.h"
#include "config/values.h"

namespace dbsync::config_detail {

namespace {

using enum OptionOf;
using M = MysqlEndpoint;
using F = FollowConfig;

constexpr std::uint64_t kDay = 86400;
constexpr std::uint64_t kMostMib = std::uint64_t{1} << 40;

std::string encoding(Settings& to, std::string_view value) {
  bool known = value.empty();
  for (const std::string_view name : {"utf8", "utf8mb3", "utf8mb4"}) known = known || to_lower(value) == name;
  if (!known)
    return fmt::format(
        "\"{}\" cannot be used: the transfer is always utf8mb4, since nothing may be lost, and the server converts "
        "each column's character set itself",
        value);
  to.config.src_mysql.encoding = "utf8mb4";
  return {};
}

// Both words mean a bad row; there is nothing sensible to change such a value to.
std::string out_of_range(Settings&, std::string_view value) {
  const std::string word = to_lower(value);
  if (word.empty() || word == "error" || word == "reject") return {};
  return fmt::format("\"{}\" is none of error, reject", value);
}

const std::vector<Setting> kMysql{
    {.key = {.section = "src.mysql",
             .name = "host",
             .sample = "192.168.1.1",
             .active = true,
             .help = "Host name or address; default localhost, which is the default socket with port\n3306, and TCP "
                     "with any other."},
     .store = text(at(&Config::src_mysql, &M::host))},
    {.key =
         {.section = "src.mysql", .name = "port", .sample = "3306", .active = true, .help = "TCP port; default 3306."},
     .store = number(at(&Config::src_mysql, &M::port), 1)},
    {.key = {.section = "src.mysql",
             .name = "socket",
             .sample = "/run/mysqld/mysqld.sock",
             .help = "Unix socket; used instead of host and port when given."},
     .store = text(at(&Config::src_mysql, &M::socket))},
    {.key = {.section = "src.mysql", .name = "user", .sample = "test", .active = true, .help = "Required."},
     .store = text(at(&Config::src_mysql, &M::user))},
    {.key = {.section = "src.mysql",
             .name = "password",
             .sample = "test",
             .active = true,
             .help = "The environment variable MYSQL_PWD goes before it."},
     .store = text(at(&Config::src_mysql, &M::password))},
    {.key = {.section = "src.mysql",
             .name = "db",
             .sample = "test",
             .active = true,
             .help = "Database whose tables are migrated. Required."},
     .store = text(at(&Config::src_mysql, &M::db))},
    {.key = {.section = "src.mysql",
             .name = "encodingdir",
             .sample = "share",
             .help = "Directory of client character sets; rarely needed."},
     .store = text(at(&Config::src_mysql, &M::encodingdir))},
    {.key = {.section = "src.mysql",
             .name = "encoding",
             .sample = "utf8",
             .help = "utf8, utf8mb3 and utf8mb4 all mean utf8mb4: nothing may be lost."},
     .store = encoding},
    {.key = {.section = "src.mysql",
             .name = "ssl_mode",
             .sample = "required",
             .help = "disabled, preferred (the default), required, verify_ca or verify_identity."},
     .store = word(at(&Config::src_mysql, &M::ssl_mode),
                   {"disabled", "preferred", "required", "verify_ca", "verify_identity"})},
    {.key = {.section = "src.mysql",
             .name = "ssl_ca",
             .sample = "/etc/ssl/mysql/ca.pem",
             .help = "Certificate authorities that may have signed the server's certificate."},
     .store = text(at(&Config::src_mysql, &M::ssl_ca))},
    {.key = {.section = "src.mysql",
             .name = "ssl_cert",
             .sample = "/etc/ssl/mysql/client-cert.pem",
             .help = "Certificate of the client; goes with ssl_key."},
     .store = text(at(&Config::src_mysql, &M::ssl_cert))},
    {.key = {.section = "src.mysql",
             .name = "ssl_key",
             .sample = "/etc/ssl/mysql/client-key.pem",
             .help = "Private key of ssl_cert."},
     .store = text(at(&Config::src_mysql, &M::ssl_key))},
    {.key = {.section = "src.mysql",
             .name = "compress",
             .sample = "zlib",
             .help = "off (the default), zlib or zstd: what travels from the source is compressed. For\nnetworks that "
                     "are slower than a core of the source; zstd needs Oracle's\nclient library."},
     .store = word(at(&Config::src_mysql, &M::compress), {"off", "zlib", "zstd"})},
    {.key = {.section = "src.mysql",
             .name = "consistency",
             .sample = "auto",
             .help = "How all workers see one moment of the source: auto tries binlog_position,\nglobal_lock, "
                     "table_locks and "
                     "optimistic in this order; none does without."},
     .store = choice(at(&Config::src_mysql, &M::consistency), {{"auto", Consistency::automatic},
                                                               {"binlog_position", Consistency::binlog_position},
                                                               {"global_lock", Consistency::global_lock},
                                                               {"table_locks", Consistency::table_locks},
                                                               {"optimistic", Consistency::optimistic},
                                                               {"none", Consistency::none}})},
    {.key = {.section = "src.mysql",
             .name = "lock_wait_timeout",
             .sample = "10",
             .help = "Seconds that a snapshot may wait for its lock, 1 to 86400."},
     .store = number(at(&Config::src_mysql, &M::lock_wait_timeout), 1, kDay)},
    {.key = {.section = "src.mysql",
             .name = "binlogfile",
             .sample = "mysql-bin.000001",
             .help = "Binlog file from which --follow-only begins; default: where the source is now."},
     .programs = mysql_only,
     .store = text(at(&Config::src_mysql, &M::binlogfile))},
    {.key = {.section = "src.mysql",
             .name = "binlogfile_offset",
             .sample = "0",
             .help = "Position in that file; 0 = its beginning."},
     .programs = mysql_only,
     .store = number(at(&Config::src_mysql, &M::binlogfile_offset), 0)},
};

const std::vector<Setting> kPgsql{
    {.key = {.section = "src.pgsql",
             .name = "connect_string",
             .sample = "host=192.168.1.1 dbname=test port=3432 user=test password=pgsql",
             .active = true,
             .help = "libpq connection string or postgresql:// URI. Required."},
     .store = text(at(&Config::src_pgsql))},
    {.key = {.section = "src.pgsql",
             .name = "pg_bindir",
             .sample = "/usr/lib/postgresql/15/bin",
             .help = "Directory of the pg_dump and pg_restore that --create and -d run, of the\nsource's version or "
                     "a newer one; "
                     "default: those on PATH."},
     .store = text(at(&Config::pg_bindir))},
    {.key = {.section = "src.pgsql",
             .name = "include",
             .sample = "sales.*, public.orders",
             .help = "Tables that are copied: patterns schema.table or table, with * and ?, by\ncommas; default all. "
                     "The option "
                     "--include goes before it."},
     .store = text(at(&Config::include))},
    {.key = {.section = "src.pgsql",
             .name = "exclude",
             .sample = "*.tmp_*",
             .help = "Tables that are not copied, in the same way."},
     .store = text(at(&Config::exclude))},
    {.key = {.section = "local.pgsql",
             .name = "connect_string",
             .sample = "host=192.168.1.2 dbname=test port=3432 user=test2 password=pgsql",
             .help = "Without it, the status tables live in a schema dbsync of the target."},
     .store = text(at(&Config::local_pgsql))},
    {.key = {.section = "local.pgsql",
             .name = "task",
             .sample = "default",
             .help =
                 "Name under which the status of this configuration is kept, so that\nseveral can share one database."},
     .store = text(at(&Config::task))},
    {.key = {.section = "desc.pgsql",
             .name = "connect_string",
             .sample = "host=192.168.1.3 dbname=test port=3432 user=test3 password=pgsql",
             .active = true,
             .help = "libpq connection string or postgresql:// URI: SSL options, service=,\npassfile= and several "
                     "hosts work. "
                     "Required, unless only DDL is printed (-d)."},
     .store = text(at(&Config::desc_pgsql))},
    {.key = {.section = "desc.pgsql",
             .name = "ignore_copy_error_count_each_table",
             .sample = "0",
             .help = "Rows that may be set aside per table before that table fails: bad values\nand rows that the "
                     "server refuses. "
                     "They go into reject_directory."},
     .store = number(at(&Config::reject_limit), 0)},
    {.key = {.section = "desc.pgsql",
             .name = "reject_directory",
             .sample = "rejects",
             .help = "Directory for set-aside rows, one <schema>.<table>.jsonl each."},
     .store = text(at(&Config::reject_directory))},
    {.key = {.section = "desc.pgsql",
             .name = "target_schema",
             .sample = "public",
             .help = "Schema of the target tables of mysql2pgsql; the option -s wins; default\npublic. pgsql2pgsql "
                     "keeps the schemas "
                     "of "
                     "the source, unless -s or [schema_map]\nsays otherwise."},
     .store = text(at(&Config::target_schema))},
};

const std::vector<Setting> kCopy{
    {.key = {.section = "copy",
             .name = "retry_times",
             .sample = "5",
             .help =
                 "New tries for a chunk after a lost connection, a server that restarts or a\ndeadlock; 0 to 1000."},
     .store = number(at(&Config::retry_times), 0, 1000)},
    {.key = {.section = "copy",
             .name = "retry_interval",
             .sample = "2",
             .help = "Seconds before the first new try; each later one waits twice as long."},
     .store = number(at(&Config::retry_interval), 1, 3600)},
    {.key = {.section = "copy",
             .name = "network_timeout",
             .sample = "60",
             .help = "Seconds after which a server counts as lost whose host or network gives no sign of\nlife, when "
                     "connecting too; "
                     "0 = as long as the system waits. A server that is busy,\nor does not read, is waited for "
                     "without limit."},
     .store = number(at(&Config::network_timeout), 0, kDay)},
};

const std::vector<Setting> kValue{
    {.key = {.section = "values",
             .name = "zero_date",
             .sample = "null",
             .help = "Zero, partly zero and impossible dates become: null, -infinity, or error.\nWith null, NOT NULL "
                     "of date columns "
                     "is set after the load, where it holds."},
     .store =
         choice(at(&Config::policies, &ValuePolicies::zero_date), {{"null", ZeroDatePolicy::null_value},
                                                                   {"error", ZeroDatePolicy::error},
                                                                   {"-infinity", ZeroDatePolicy::minus_infinity}})},
    {.key = {.section = "values",
             .name = "nul_byte",
             .sample = "error",
             .help = "NUL bytes in text: error, strip, or replace (by U+FFFD)."},
     .store = choice(
         at(&Config::policies, &ValuePolicies::nul_byte),
         {{"error", NulBytePolicy::error}, {"strip", NulBytePolicy::strip}, {"replace", NulBytePolicy::replace}})},
    {.key = {.section = "values",
             .name = "invalid_utf8",
             .sample = "error",
             .help = "Bytes in text that are not UTF-8: error, or replace (by U+FFFD)."},
     .store = choice(at(&Config::policies, &ValuePolicies::invalid_utf8), {{"error", InvalidUtf8Policy::error},
                                                                           {"reject", InvalidUtf8Policy::error},
                                                                           {"replace", InvalidUtf8Policy::replace}})},
    {.key = {.section = "values",
             .name = "out_of_range",
             .sample = "error",
             .help = "Numbers, times and booleans outside of the target type: error."},
     .store = out_of_range},
};

const std::vector<Setting> kDdl{
    {.key = {.section = "ddl",
             .name = "names",
             .sample = "keep",
             .help = "Names of tables and columns: keep them as they are, or lower."},
     .store = choice(at(&Config::lower_case_names), {{"keep", false}, {"lower", true}})},
    {.key = {.section = "ddl",
             .name = "index_names",
             .sample = "prefix",
             .help = "Names of indexes: prefix puts the table's name before them, keep leaves those\nas they are "
                     "that are unique in "
                     "the target's schema."},
     .store = choice(at(&Config::keep_index_names), {{"prefix", false}, {"keep", true}})},
    {.key = {.section = "ddl",
             .name = "on_update_timestamp",
             .sample = "comment",
             .help = "ON UPDATE CURRENT_TIMESTAMP becomes a comment, or a trigger."},
     .store = choice(at(&Config::touch_triggers), {{"comment", false}, {"trigger", true}})},
    {.key = {.section = "ddl",
             .name = "generated_columns",
             .sample = "check",
             .help = "Generated columns that PostgreSQL may compute otherwise: check the source's rows\nand, where "
                     "they differ, make "
                     "ordinary columns; keep them generated; or values,\nordinary columns for all of them."},
     .store = choice(
         at(&Config::generated_columns),
         {{"check", GeneratedColumns::check}, {"keep", GeneratedColumns::keep}, {"values", GeneratedColumns::values}})},
    {.key = {.section = "greenplum",
             .name = "storage",
             .sample = "heap",
             .help = "heap (fits keys and increments), ao_row, or ao_column (fits analytics).\n"
                     "These three can be set for some tables, too, by name or pattern:\n"
                     "log_*.storage = \"ao_column\", public.orders.storage = \"heap\".",
             .per_table = &Config::storage_rules},
     .store = word(at(&Config::storage), {"heap", "ao_row", "ao_column"})},
    {.key = {.section = "greenplum",
             .name = "compresstype",
             .sample = "zstd",
             .help = "Compression of ao_row and ao_column.",
             .per_table = &Config::storage_rules},
     .store = word(at(&Config::compress_type), {"none", "zstd", "zlib", "quicklz", "rle_type"})},
    {.key = {.section = "greenplum",
             .name = "compresslevel",
             .sample = "3",
             .help = "Its level, 1 to 19.",
             .per_table = &Config::storage_rules},
     .store = number(at(&Config::compress_level), 1, 19)},
};

const std::vector<Setting> kFollow{
    {.key = {.section = "follow",
             .name = "conflicts",
             .sample = "error",
             .help = "Changes that do not fit the target's rows (no such row, key taken): error\nstops, skip leaves "
                     "the target's "
                     "row, "
                     "overwrite makes it the source's."},
     .store = choice(
         at(&Config::follow, &F::conflicts),
         {{"error", F::Conflicts::error}, {"skip", F::Conflicts::skip}, {"overwrite", F::Conflicts::overwrite}})},
    {.key = {.section = "follow",
             .name = "new_columns",
             .sample = "add",
             .help = "Columns that appear on the source: add them on the target where their\ndefinition can be "
                     "derived, or stop."},
     .store = choice(at(&Config::follow, &F::add_columns), {{"add", true}, {"stop", false}})},
    {.key = {.section = "follow",
             .name = "tables_without_key",
             .sample = "leave",
             .help = "Tables without primary key or other replica identity, whose UPDATEs and DELETEs\nthe source "
                     "refuses as long as they are followed: leave them at the copy, with a\nwarning; stop before the "
                     "task begins; or publish them all the same."},
     .store =
         choice(at(&Config::follow, &F::without_key),
                {{"leave", F::WithoutKey::leave}, {"stop", F::WithoutKey::stop}, {"publish", F::WithoutKey::publish}})},
    {.key = {.section = "follow",
             .name = "max_retained_wal",
             .sample = "10240",
             .help = "MiB of WAL that the slot may keep on the source before a warning is given;\n0 = no limit."},
     .store = number(at(&Config::follow, &F::max_retained_wal_mb), 0, kMostMib)},
    {.key = {.section = "follow",
             .name = "over_max_retained_wal",
             .sample = "warn",
             .help = "What to do then: warn, or drop the slot and stop, so that the source's disk\ndoes not fill; "
                     "the task must "
                     "begin "
                     "anew after that."},
     .store = choice(at(&Config::follow, &F::stop_over_limit), {{"warn", false}, {"stop", true}})},
    {.key = {.section = "follow",
             .name = "failover_slot",
             .sample = "on",
             .help = "Whether standbys of the source may take the slot over when one is promoted: on, or\noff. From "
                     "PostgreSQL 17 "
                     "on."},
     .store = choice(at(&Config::follow, &F::failover_slot), {{"on", true}, {"off", false}})},
    {.key = {.section = "follow",
             .name = "spill_directory",
             .sample = "/var/tmp",
             .help = "Directory for transactions of more than 16 MiB; default TMPDIR, else /var/tmp."},
     .store = text(at(&Config::follow, &F::spill_directory))},
};

const std::vector<Setting> kLoader{
    {.key = {.section = "binlogloader",
             .name = "loader_table_list",
             .sample = "loader_table_list.txt",
             .help = "File that names the tables that --follow and --follow-only take, one a line;\n-l goes before it. "
                     "Default: every table."},
     .programs = mysql_only,
     .store = text(at(&Config::loader_table_list))},
    {.key = {.section = "binlogloader",
             .name = "load_batch",
             .sample = "10",
             .help =
                 "Changes that are applied as one group: it waits for so many, load_batch_gap\nseconds at the "
                 "most, and ends with the transaction that brings them. Default:\nwhat waits is applied at once, up "
                 "to 100000 changes, which is fastest."},
     .programs = mysql_only,
     .store = number(at(&Config::load_batch), 1)},
    {.key = {.section = "binlogloader",
             .name = "load_batch_gap",
             .sample = "10",
             .help = "Seconds that a change waits for its group at the most; with load_batch."},
     .programs = mysql_only,
     .store = number(at(&Config::load_batch_gap), 0)},
};

template <std::vector<IniEntry> Config::*member>
void store_rule(Config& config, const IniEntry& entry) {
  (config.*member).push_back(entry);
}

}  // namespace

std::vector<Setting> key_settings() {
  std::vector<Setting> out;
  for (const auto* part : {&kMysql, &kPgsql, &kCopy, &kValue, &kDdl, &kFollow, &kLoader})
    out.insert(out.end(), part->begin(), part->end());
  return out;
}

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
      {"distribution", "Distribution per table, by name or pattern, on Greenplum and its relatives.",
       store_rule<&Config::distribution_rules>, "orders = customer_id\ncountries = replicated\nlog_* = randomly"},
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

}  // namespace dbsync::config_detail
