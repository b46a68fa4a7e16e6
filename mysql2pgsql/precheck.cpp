#include "mysql2pgsql/precheck.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "check/server_version.h"
#include "check/shared_checks.h"
#include "mysql2pgsql/row/row_encoder.h"

namespace dbsync {

namespace {

constexpr std::uint64_t kSmallPacket = 4 << 20;

std::uint64_t number(const std::string& text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// Whether a GRANT of this account gives one of the rights for all databases, or for
// the current one. Rights of roles may not show: no more than a hint.
bool seems_granted(MysqlConnection& source, const std::vector<std::string>& rights) {
  for (const auto& row : source.query("SHOW GRANTS")) {
    const std::string grant = row.at(0).value_or("");
    const std::string granted = grant.substr(0, grant.find(" ON "));
    for (const std::string& right : rights)
      if (granted.find(right) != std::string::npos) return true;
  }
  return false;
}

void check_binlog(MysqlConnection& source, bool on, const std::string& format, unsigned workers,
                  CheckFindings& findings) {
  if (on) {
    if (format == "ROW") return findings.passed("source binlog", "on, format ROW");
    return findings.warning("source binlog", fmt::format("on, format {}: row changes cannot be read from it", format),
                            "set binlog_format = ROW for increments later; a copy does not need it");
  }
  findings.warning(
      "source binlog", "log_bin is off: changes cannot be followed, and the workers' snapshot needs a short lock",
      "set log_bin, server_id and binlog_format = ROW and restart the source, or stop writing to it for the copy");
  const Consistency wanted = source.endpoint().consistency;
  if (workers == 1 || wanted == Consistency::none) return;
  if (!seems_granted(source, {"ALL PRIVILEGES", "RELOAD", "FLUSH_TABLES", "LOCK TABLES"}))
    findings.warning("source snapshot",
                     "the account shows no right to lock, so there may be no common snapshot for the workers",
                     "GRANT RELOAD ON *.* or LOCK TABLES on the database to the user of [src.mysql], or use -j 1");
}

void check_connections(std::uint64_t most, std::uint64_t own_limit, std::uint64_t in_use, unsigned workers,
                       CheckFindings& findings) {
  const std::uint64_t wanted = std::uint64_t{workers} + 2;  // the catalog's, and the one that locks
  const std::uint64_t limit = own_limit > 0 ? std::min(most, own_limit) : most;
  const std::string remedy = fmt::format("lower -j, or raise max_connections or the account's MAX_USER_CONNECTIONS");
  if (limit < wanted)
    findings.failed(ErrorKind::source, "source connections",
                    fmt::format("at most {} are allowed, and {} are needed for -j {}", limit, wanted, workers), remedy);
  else if (most < in_use + wanted)
    findings.warning(
        "source connections",
        fmt::format("{} of {} are in use, and {} more are needed for -j {}", in_use, most, wanted, workers), remedy);
  else
    findings.passed("source connections",
                    fmt::format("{} of {} in use, {} needed for -j {}", in_use, most, wanted, workers));
}

// Values travel as utf8mb4: a server that insists on its own character set would
// send question marks for what that lacks.
void check_charset(const std::string& results, CheckFindings& findings) {
  if (results == "utf8mb4")
    return findings.passed("source encoding", "values are read as utf8mb4: every character arrives");
  findings.failed(ErrorKind::source, "source encoding",
                  fmt::format("the server sends values as {}: characters would be lost", results),
                  "take skip_character_set_client_handshake off the server");
}

}  // namespace

MysqlServerFacts read_server_facts(MysqlConnection& source) {
  MysqlServerFacts out;
  if (too_old_mysql(source.is_mariadb(), source.version_number())) return out;
  const std::vector<std::string> questions{
      "SELECT @@global.log_bin, @@global.binlog_format, @@global.max_connections, @@max_user_connections, "
      "@@character_set_results, @@session.time_zone, @@global.max_allowed_packet",
      "SHOW GLOBAL STATUS LIKE 'Threads_connected'"};
  source.query_each(questions, [&](std::size_t place, const SourceQueries::Answer& answer) {
    if (answer.error) throw Error(*answer.error);
    if (place == 0)
      out.settings = answer.rows.at(0);
    else if (!answer.rows.empty())
      out.connected = number(answer.rows[0].at(1).value_or("0"));
  });
  return out;
}

bool check_mysql_server(MysqlConnection& source, const MysqlServerFacts& facts, unsigned workers,
                        CheckFindings& findings) {
  const std::string server = fmt::format("{}: {} {}", source.endpoint().describe(),
                                         source.is_mariadb() ? "MariaDB" : "MySQL", source.server_version());
  if (const auto problem = too_old_mysql(source.is_mariadb(), source.version_number())) {
    findings.failed(ErrorKind::source, "source", *problem, "copy from a newer server, such as a replica of this one");
    return false;
  }
  findings.passed("source", server);
  const auto text = [&](std::size_t i) { return facts.settings.at(i).value_or(""); };
  check_charset(text(4), findings);
  findings.passed("source time zone", fmt::format("timestamps are read in {} (UTC)", text(5)));
  check_binlog(source, text(0) == "1", text(1), workers, findings);
  check_connections(number(text(2)), number(text(3)), facts.connected, workers, findings);
  const std::uint64_t packet = number(text(6));
  if (packet < kSmallPacket)
    findings.warning("source packets",
                     fmt::format("max_allowed_packet is {}: the server cannot send longer rows", format_bytes(packet)),
                     "SET GLOBAL max_allowed_packet = 1073741824");
  else
    findings.passed("source packets", fmt::format("max_allowed_packet is {}", format_bytes(packet)));
  return true;
}

void check_readable(MysqlConnection& source, const std::vector<CopyTask>& tasks, CheckFindings& findings) {
  std::set<std::string> seen;
  std::size_t refused = 0;
  for (const CopyTask& task : tasks) {
    if (task.problem || !task.query.empty() || !seen.insert(task.name).second) continue;
    try {
      source.query(fmt::format("SELECT * FROM {} LIMIT 0", MysqlConnection::identifier(task.name)));
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      ++refused;
      findings.failed("source table " + one_line(task.name), error, CheckFinding::Reach::table);
    }
  }
  passed_readable(seen.size() - refused, seen.size(), findings);
}

std::vector<CheckedTable> checked_tables(const std::vector<CopyTask>& tasks, const PlanRequest& request) {
  std::vector<CheckedTable> out;
  std::map<QualifiedName, int> uses;
  for (const CopyTask& task : tasks) ++uses[task.target];
  for (const CopyTask& task : tasks) {
    CheckedTable& table = out.emplace_back(CheckedTable{&task, {}});
    if (!task.definition) continue;
    // Tables that share a target have one definition, not each its own columns.
    const bool own = task.query.empty() && uses[task.target] == 1;
    const MysqlTable* source = own ? request.catalog.find_table(task.name) : nullptr;
    const auto& columns = task.definition->columns;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      table.columns.push_back({columns[i].name, columns[i].type});
      if (source == nullptr || i >= source->columns.size()) continue;
      table.columns.back().nullable = source->columns[i].nullable;
      if (source->columns[i].type.kind == MysqlKind::enumeration)
        table.columns.back().labels = source->columns[i].type.labels;
      table.columns.back().objection = [type = &source->columns[i].type](const PgType& there) {
        return unsafe_pair(*type, there);
      };
    }
  }
  return out;
}

}  // namespace dbsync
