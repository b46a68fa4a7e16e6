// Rows that Greenplum and its relatives set aside themselves during a text COPY:
//
//   COPY t (…) FROM STDIN LOG ERRORS SEGMENT REJECT LIMIT n ROWS
//
// and then name in gp_read_error_log('t'). Only rows that cannot be read are set
// aside so; one that breaks a constraint aborts the COPY.
//
// A segment gives up, too, when its first gp_initial_bad_row_limit rows are all bad: that
// is raised with the limit.
//
// The traps: the command tag counts rows that a segment has rejected, so the log
// tells how many they are; each segment has a limit of its own; a replicated table
// logs a row once per segment; the log keeps what earlier COPYs left in it, a
// rolled-back one too, and is read whole by the server each time, so it is asked for what
// came since the load began, and once for each COPY that went well.
//
// Source: the servers' manuals (COPY, "Viewing Bad Rows in the Error Log");
// behaviour seen on Greenplum 6.24.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "copy/reject_log.h"
#include "format/row_text.h"
#include "pg/connection.h"
#include "schema/table.h"

namespace dbsync {

// Behind the COPY statement. `rows` may be set aside; a segment gives up when it
// reaches its limit, so that is one more.
std::string segment_reject_clause(std::uint64_t rows);

// The query of the log: when, line, message, row, bytes of a row in hexadecimal. $1: since
// when.
std::string error_log_sql(const QualifiedName& table);

// For the transaction of the COPY.
std::string bad_rows_at_first_sql(std::uint64_t rows);

// What is in `after` and was not in `before`; of a replicated table, each row once.
std::vector<ErrorLogEntry> new_entries(const std::vector<ErrorLogEntry>& before, std::vector<ErrorLogEntry> after,
                                       bool replicated);

// The column that the server puts at the end of its message, if it is one of `columns`.
std::string column_of_log_message(const std::string& message, const std::vector<std::string>& columns);

// A row of text COPY by columns; under the name "row", whole, when its fields are
// not as many.
RowText row_of_log(const std::string& row, const std::vector<std::string>& columns);

// The number in its task of the row on a line of the COPY. `left_out`: rows that
// were not sent, ascending.
std::uint64_t row_of_line(std::uint64_t line, const std::vector<std::uint64_t>& left_out);

// Throws when these numbers cannot be of one COPY that lost no row silently.
void check_segment_count(std::uint64_t sent, std::uint64_t counted, std::uint64_t logged);

// One COPY and its log. The caller sees to it that nobody else loads the table
// meanwhile (RejectBudget::alone): the log does not tell the COPYs apart.
class SegmentRejects {
 public:
  // Sees to it that `log` is what there is before the COPY. Errors: where the role may not
  // read it, before a row is sent.
  SegmentRejects(PgConnection& target, const QualifiedName& table, SegmentLog& log, bool may_be_replicated);

  // After the COPY: adds the rows of the log to `rejects` and returns how many
  // they are. `counted` is of the command tag.
  std::uint64_t collect(std::uint64_t sent, std::uint64_t counted, const std::vector<std::string>& columns,
                        TaskRejects& rejects);

 private:
  std::vector<ErrorLogEntry> read() const;

  PgConnection& target_;
  QualifiedName table_;
  SegmentLog& log_;
  bool replicated_ = false;
};

}  // namespace dbsync
