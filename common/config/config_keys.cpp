#include "config/config_keys.h"

#include <algorithm>
#include <array>
#include <limits>

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

std::string store_ssl_mode(Config& config, const std::string& value) {
  constexpr std::array<std::string_view, 6> accepted{"",         "disabled",  "preferred",
                                                     "required", "verify_ca", "verify_identity"};
  const std::string mode = to_lower(value);
  if (std::find(accepted.begin(), accepted.end(), mode) == accepted.end())
    return fmt::format("\"{}\" is none of disabled, preferred, required, verify_ca, verify_identity", value);
  config.src_mysql.ssl_mode = mode;
  return {};
}

using enum Program;
constexpr std::string_view kIncrements = "increments from the MySQL binlog are";
constexpr std::string_view kStatus = "status tables in a database of their own are";
constexpr std::string_view kRejects = "setting bad rows aside is";
constexpr bool kActive = true;
constexpr bool kComment = false;

std::vector<ConfigKey> mysql_keys() {
  constexpr std::string_view s = "src.mysql";
  using M = MysqlEndpoint;
  return {
      {s, "host", store_mysql_text<&M::host>, "192.168.1.1", kActive, "Host name or address; default localhost."},
      {s, "port", store_port, "3306", kActive, "TCP port; default 3306."},
      {s, "socket", store_mysql_text<&M::socket>, "/run/mysqld/mysqld.sock", kComment,
       "Unix socket; used instead of host and port when given."},
      {s, "user", store_mysql_text<&M::user>, "test", kActive, "Required."},
      {s, "password", store_mysql_text<&M::password>, "test", kActive,
       "When the line is missing, the environment variable MYSQL_PWD is used."},
      {s, "db", store_mysql_text<&M::db>, "test", kActive, "Database whose tables are migrated. Required."},
      {s, "encodingdir", store_mysql_text<&M::encodingdir>, "share", kComment,
       "Directory of client character sets; rarely needed."},
      {s, "encoding", store_encoding, "utf8", kComment,
       "utf8, utf8mb3 and utf8mb4 all mean utf8mb4: nothing may be lost."},
      {s, "ssl_mode", store_ssl_mode, "required", kComment,
       "disabled, preferred, required, verify_ca or verify_identity."},
      {s, "ssl_ca", store_mysql_text<&M::ssl_ca>, "/etc/ssl/mysql/ca.pem", kComment,
       "Certificate authorities that may have signed the server's certificate."},
      {s, "ssl_cert", store_mysql_text<&M::ssl_cert>, "/etc/ssl/mysql/client-cert.pem", kComment,
       "Certificate of the client; goes with ssl_key."},
      {s, "ssl_key", store_mysql_text<&M::ssl_key>, "/etc/ssl/mysql/client-key.pem", kComment,
       "Private key of ssl_cert."},
      {s,
       "binlogfile",
       store_mysql_text<&M::binlogfile>,
       "mysql-bin.000001",
       kComment,
       "Binlog file from which increments are read.",
       kIncrements,
       {mysql2pgsql}},
      {s,
       "binlogfile_offset",
       store_binlogfile_offset,
       "0",
       kComment,
       "Position in that file.",
       kIncrements,
       {mysql2pgsql}},
  };
}

std::vector<ConfigKey> pgsql_keys() {
  return {
      {"src.pgsql", "connect_string", store_text<&Config::src_pgsql>,
       "host=192.168.1.1 dbname=test port=3432 user=test password=pgsql", kActive,
       "libpq connection string or postgresql:// URI. Required."},
      {"local.pgsql",
       "connect_string",
       store_text<&Config::local_pgsql>,
       "host=192.168.1.2 dbname=test port=3432 user=test2 password=pgsql",
       kComment,
       "Without it, the status tables live in a schema dbsync of the target.",
       kStatus,
       {pgsql2pgsql}},
      {"desc.pgsql", "connect_string", store_text<&Config::desc_pgsql>,
       "host=192.168.1.3 dbname=test port=3432 user=test3 password=pgsql", kActive,
       "libpq connection string or postgresql:// URI: SSL options, service=,\npassfile= and several hosts work. "
       "Required, unless only DDL is printed (-d)."},
      {"desc.pgsql",
       "ignore_copy_error_count_each_table",
       store_reject_limit,
       "0",
       kComment,
       "Rows that may be rejected per table before that table fails.",
       kRejects,
       {mysql2pgsql, pgsql2pgsql},
       "0"},
      {"desc.pgsql", "target_schema", store_text<&Config::target_schema>, "public", kComment,
       "Schema of the target tables; the option -s wins; default public."},
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
  for (auto more : {pgsql_keys(), loader_keys()}) keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

}  // namespace

const std::vector<ConfigSection>& config_sections() {
  static const std::vector<ConfigSection> sections{
      {"src.mysql", "Source of mysql2pgsql: MySQL or MariaDB."},
      {"src.pgsql", "Source of pgsql2pgsql: PostgreSQL."},
      {"local.pgsql", "Database for the status tables of pgsql2pgsql; optional."},
      {"desc.pgsql", "Target of both programs: PostgreSQL, Greenplum or a relative."},
      {"binlogloader", "Increments of mysql2pgsql; optional."},
  };
  return sections;
}

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = all_keys();
  return keys;
}

}  // namespace dbsync::config_detail
