// Checks of the target: the server, what the role may do on it, and the tables that
// rows are to go into. Reads only.
//
// Threads: as the connection. Errors: of the connection; what is wrong with the
// target becomes a finding.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "check/check_findings.h"
#include "copy/copy_job.h"
#include "pg/connection.h"
#include "pg/together.h"
#include "schema/dialect.h"

namespace dbsync {

struct CheckedColumn {
  std::string name;  // on the target
  PgType type;       // that it would get there
  // Why the program would refuse to write into a column of this type; may be empty.
  std::function<std::optional<std::string>(const PgType& there)> objection = {};
  bool nullable = false;                 // the source's values may be NULL
  std::vector<std::string> labels = {};  // of the source's ENUM
};

// The task, and what is known of its columns; none for a query whose result nobody
// has looked at.
struct CheckedTable {
  const CopyTask* task;
  std::vector<CheckedColumn> columns;
};

// Quick: for every load. Thorough, for --check: also whether tables are empty, and
// how much room there is.
enum class CheckDepth { quick, thorough };

struct TargetCheck {
  PgConnection& target;
  const Dialect& dialect;
  const JobOptions& job;
  CheckDepth depth = CheckDepth::quick;
  bool follow = false;  // changes are to be followed afterwards
};

// Greenplum 5, whose catalogs the queries of these checks do not know.
bool has_other_catalogs(const Dialect& dialect);
inline constexpr char kNotLookedAt[] = "not looked at: Greenplum 5 has other catalogs";

// What check_target_server() asks, for a PgPrefetch.
std::vector<PgQuery> questions_of_server(const PgConnection& target);

// Version, read-only, encoding, connections, room for the journal. False when the
// server is too old to be asked for more.
bool check_target_server(const TargetCheck& check, CheckFindings& findings);

// Existence, columns, types, privileges, rows; for --check, what load_rights.h says.
void check_target_tables(const TargetCheck& check, const std::vector<CheckedTable>& tables, CheckFindings& findings);

}  // namespace dbsync
