#include "check/target_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "check/local_check.h"
#include "check/server_version.h"
#include "check/shared_checks.h"
#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr char kSubject[] = "target";

PgQuery question_of_server() { return {sql::check_server}; }

// One row of share/sql/check_server.sql.
struct ServerFacts {
  explicit ServerFacts(const PgResult& row)
      : role(row.text(0, 0)),
        standby(row.boolean(0, 1)),
        read_only(row.value(0, 2) == "on"),
        encoding(row.text(0, 3)),
        room(row.integer(0, 4)),
        in_use(row.integer(0, 5)),
        own_limit(row.integer(0, 6)),
        may_create_schema(row.boolean(0, 7)),
        journal_schema(row.text(0, 8)),
        data_directory(row.text(0, 9)),
        local_socket(row.boolean(0, 10)) {}

  std::string role;
  bool standby;
  bool read_only;
  std::string encoding;
  std::int64_t room;  // connections for this role
  std::int64_t in_use;
  std::int64_t own_limit;  // of role and database; -1: none
  bool may_create_schema;
  std::string journal_schema;  // "": not there; "true": to be written
  std::string data_directory;
  bool local_socket;
};

void check_writable(const ServerFacts& facts, CheckFindings& findings) {
  if (facts.standby)
    findings.failed(
        ErrorKind::target, "target writes", "the server is a standby: it cannot be written to",
        "connect to its primary; target_session_attrs=read-write in the connect_string finds it among several hosts");
  else if (facts.read_only)
    findings.failed(
        ErrorKind::target, "target writes", "default_transaction_read_only is on: nothing can be written",
        fmt::format("ALTER ROLE {} SET default_transaction_read_only = off, or take the setting off the database, "
                    "the server or the connect_string",
                    quote_identifier(facts.role)));
  else
    findings.passed("target writes", "the server takes writes");
}

void check_encoding(const ServerFacts& facts, CheckFindings& findings) {
  if (facts.encoding == "UTF8")
    findings.passed("target encoding", "UTF8 holds every character");
  else if (facts.encoding == "SQL_ASCII")
    findings.warning("target encoding", "SQL_ASCII keeps bytes without knowing characters",
                     "create the database with ENCODING 'UTF8' TEMPLATE template0");
  else
    findings.warning(
        "target encoding",
        fmt::format("{} lacks most characters; rows with such a character fail their table", facts.encoding),
        "create the database with ENCODING 'UTF8' TEMPLATE template0");
}

void check_connections(const TargetCheck& check, const ServerFacts& facts, CheckFindings& findings) {
  // The workers' own, and those of the lock, the job, the status and the plan.
  const std::int64_t wanted = std::int64_t{check.job.workers} + 4;
  const std::int64_t free = std::max<std::int64_t>(0, facts.room - facts.in_use);
  const std::int64_t have = facts.own_limit >= 0 ? std::min(free, facts.own_limit) : free;
  check_free_connections(
      {.subject = "target connections",
       .free = have,
       .wanted = wanted,
       .workers = check.job.workers,
       .remedy = fmt::format(
           "lower -j, end idle sessions, or raise max_connections or the connection limit of the role {}", facts.role)},
      findings);
}

void check_journal(const TargetCheck& check, const ServerFacts& facts, CheckFindings& findings) {
  const bool usable = facts.journal_schema.empty() ? facts.may_create_schema : facts.journal_schema == "true";
  if (usable) return findings.passed("target journal", "the schema dbsync can be kept: a run can be resumed");
  const std::string remedy =
      facts.journal_schema.empty()
          ? fmt::format("GRANT CREATE ON DATABASE … TO {}", quote_identifier(facts.role))
          : fmt::format("GRANT ALL ON SCHEMA dbsync TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA dbsync TO {0}",
                        quote_identifier(facts.role));
  const std::string message = facts.journal_schema.empty() ? "the role may not create the schema dbsync"
                                                           : "the role may not use the schema dbsync";
  if (check.follow)
    findings.failed(ErrorKind::target, "target journal", message + ", which following needs for its position", remedy);
  else if (check.job.start != StartMode::fresh)
    findings.failed(ErrorKind::target, "target journal", message + ", so there is no journal to resume from", remedy);
  else
    findings.warning("target journal", message + ": this run cannot be resumed", remedy);
}

// PostgreSQL does not tell how much room it has; a server of this machine can be
// asked through the file system, if it tells where its files are.
void check_space(const ServerFacts& facts, CheckFindings& findings) {
  const auto free =
      facts.local_socket && !facts.data_directory.empty() ? free_space(facts.data_directory) : std::nullopt;
  if (free)
    findings.passed("target disk", fmt::format("{} free in {}", format_bytes(*free), facts.data_directory));
  else
    findings.passed("target disk", "not known: the server does not tell how much room it has");
}

}  // namespace

bool has_other_catalogs(const Dialect& dialect) {
  return dialect.distributed && dialect.family == ServerFamily::greenplum && dialect.major < 6;
}

std::vector<PgQuery> questions_of_server(const PgConnection& target) {
  constexpr int kSameCatalogs = 90000;  // Greenplum 5 has others
  if (target.server_version() < kSameCatalogs) return {};
  return {question_of_server()};
}

bool check_target_server(const TargetCheck& check, CheckFindings& findings) {
  const std::string server = fmt::format("{}: {}", check.target.endpoint(), dialect_name(check.dialect));
  if (const auto problem = too_old_postgresql(check.dialect, check.target.server_version(), ServerRole::target)) {
    findings.failed(ErrorKind::target, kSubject, *problem, "copy into a newer server");
    return false;
  }
  findings.passed(kSubject, server);
  if (has_other_catalogs(check.dialect)) {
    findings.passed("target settings", kNotLookedAt);
    return true;
  }
  const ServerFacts facts(ask(check.target, question_of_server()));
  check_writable(facts, findings);
  check_encoding(facts, findings);
  check_connections(check, facts, findings);
  check_journal(check, facts, findings);
  if (check.depth == CheckDepth::thorough) check_space(facts, findings);
  return true;
}

}  // namespace dbsync
