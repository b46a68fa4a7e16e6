#include "copy/pg_chunk_sink.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "copy/segment_rejects.h"
#include "format/copy_binary.h"
#include "pg/hints.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::span<const char> bytes_of(std::string_view text) { return {text.data(), text.size()}; }

void check_count(std::uint64_t sent, std::uint64_t counted) {
  if (sent == counted) return;
  throw Error(ErrorKind::target,
              fmt::format("{} rows were sent, but the target counted {}; rolled back", sent, counted))
      .hint("a trigger or rule on the target table may drop rows");
}

// Errors that one row can cause: data exceptions, constraints, limits of the
// server, and what a trigger raises.
bool is_row_error(const Error& error) {
  const std::string& state = error.sqlstate();
  return !error.connection_lost() &&
         (state.starts_with("22") || state.starts_with("23") || state.starts_with("54") || state.starts_with("P0"));
}

// A value that comes is at fault with its column in the server's context; without
// one it is a value that the target computes.
void name_generated_columns(Error& error, const TargetTable& target) {
  if (!error.sqlstate().starts_with("22") || !error.column().empty()) return;
  if (!error.hint().empty() && !error.hint_is_general()) return;  // an error of the source
  std::vector<std::string> names;
  for (const TargetColumn& column : target.columns)
    if (column.generated) names.push_back(column.name);
  if (names.empty()) return;
  error.hint(fmt::format(
      "the target computes {} of {} and cannot do it for a row; ALTER TABLE {} ALTER COLUMN … DROP EXPRESSION "
      "(PostgreSQL 13) makes it an ordinary column, which gets the source's values; mysql2pgsql "
      "--create makes it one with generated_columns = \"values\" in [ddl]",
      join(names, ", "), target.name.display(), quote_name(target.name)));
}

}  // namespace

PgChunkSink::PgChunkSink(const PgSinkRequest& request, PgConnection& connection)
    : request_(request), connection_(connection), transaction_(connection, PgTransaction::BegunElsewhere{}) {
  if (!request_.replica && !request_.truncate_first) return;
  begin_transaction();
  if (request_.replica) connection_.exec("SET LOCAL session_replication_role = replica");
  if (request_.truncate_first) truncate_table(connection_, request_.target);
}

void PgChunkSink::begin_transaction() { connection_.exec(std::exchange(begin_, "")); }

PgChunkSink::~PgChunkSink() = default;

std::string PgChunkSink::copy_sql(const std::vector<std::string>& columns) const {
  std::string names;
  for (const auto& name : columns) names += (names.empty() ? "" : ", ") + quote_identifier(name);
  // The old option syntax is understood by every version and by Greenplum.
  std::string options;
  if (format_ == CopyFormat::binary) options += " BINARY";
  if (request_.freeze && request_.truncate_first) options += " FREEZE";
  // A table without columns has rows, but no list of columns.
  return fmt::format("COPY {}{} FROM STDIN{}", quote_name(request_.target.name),
                     names.empty() ? "" : " (" + names + ")", options.empty() ? "" : " WITH" + options);
}

bool PgChunkSink::begin(const std::vector<std::string>& columns, CopyFormat format) {
  format_ = format;
  columns_ = columns;
  sql_ = copy_sql(columns);
  const std::uint64_t limit = request_.budget.limit();
  // The server's clause is for text COPY; binary rows are found by halving.
  if (limit > 0) way_ = request_.dialect.segment_rejects && format == CopyFormat::text ? Way::by_server : Way::halving;
  if (way_ != Way::straight && !begin_.empty()) begin_transaction();
  if (way_ == Way::halving) return true;
  if (way_ == Way::by_server) {
    alone_ = request_.budget.alone(request_.target.name);
    server_rejects_ = std::make_unique<SegmentRejects>(connection_, request_.target.name,
                                                       request_.budget.log_of(request_.target.name),
                                                       request_.dialect.replicated_tables);
    connection_.exec(bad_rows_at_first_sql(limit));
    copy_.emplace(connection_, sql_ + segment_reject_clause(limit));
  } else {
    copy_.emplace(connection_, sql_, std::exchange(begin_, ""));
    header_due_ = true;
  }
  return false;
}

std::uint64_t PgChunkSink::put(const CopyBuffer& buffer) {
  if (way_ != Way::halving) {
    if (std::exchange(header_due_, false)) put_header(*copy_);
    copy_->put(buffer.bytes());
    return 0;
  }
  const std::uint64_t before = request_.rejects.count();
  if (buffer.rows > 0) copy_rows(buffer, 0, buffer.rows);
  return request_.rejects.count() - before;
}

void PgChunkSink::put_header(CopyIn& copy) const {
  if (format_ == CopyFormat::binary) copy.put(bytes_of(copy_binary::kHeader));
}

void PgChunkSink::put_trailer(CopyIn& copy) const {
  if (format_ == CopyFormat::binary) copy.put(bytes_of(copy_binary::kTrailer));
}

// Rows [from, to) of the buffer; halves them until the refused ones are alone.
void PgChunkSink::copy_rows(const CopyBuffer& buffer, std::size_t from, std::size_t to) {
  connection_.exec("SAVEPOINT dbsync_rows");
  try {
    CopyIn copy(connection_, sql_);
    put_header(copy);
    const std::size_t begin = from == 0 ? 0 : buffer.log->ends[from - 1];
    copy.put(buffer.bytes().subspan(begin, buffer.log->ends[to - 1] - begin));
    put_trailer(copy);
    check_count(to - from, copy.finish());
  } catch (const Error& error) {
    if (!is_row_error(error)) throw;
    connection_.exec("ROLLBACK TO SAVEPOINT dbsync_rows; RELEASE SAVEPOINT dbsync_rows");
    if (to - from == 1) {
      request_.rejects.add(buffer.log->numbers[from], buffer.log->texts[from], error);
    } else {
      const std::size_t middle = from + (to - from) / 2;
      copy_rows(buffer, from, middle);
      copy_rows(buffer, middle, to);
    }
    return;
  }
  connection_.exec("RELEASE SAVEPOINT dbsync_rows");
}

void PgChunkSink::end_copy(LoadOutcome& outcome) {
  if (way_ == Way::by_server) {
    outcome.rows -= server_rejects_->collect(outcome.rows, copy_->finish(), columns_, request_.rejects);
  } else if (way_ == Way::straight) {
    if (std::exchange(header_due_, false)) put_header(*copy_);
    put_trailer(*copy_);
    check_count(outcome.rows, copy_->finish());
  }
  outcome.rejected = request_.rejects.count();
}

bool PgChunkSink::finish(LoadOutcome& outcome) {
  try {
    end_copy(outcome);
  } catch (Error& error) {
    copy_.reset();
    explain(error);
    throw;
  }
  if (alone_.owns_lock()) alone_.unlock();
  if (request_.journal != nullptr && !request_.dialect.distributed && outcome.rejected == 0) {
    if (!request_.journal->mark_done_and_commit(connection_, request_.journal_task, request_.chunk, outcome))
      return false;  // the transaction rolls back
    transaction_.was_committed();
    return true;
  }
  if (request_.journal != nullptr &&
      !request_.journal->mark_done(connection_, request_.journal_task, request_.chunk, outcome))
    return false;
  request_.rejects.keep();
  commit();
  return true;
}

void PgChunkSink::commit() {
  try {
    transaction_.commit();
  } catch (const Error& error) {
    if (request_.journal != nullptr || !error.connection_lost()) throw;
    throw Error(ErrorKind::target, fmt::format("whether the rows were committed is not known: {}", error.what()))
        .hint("compare the row counts of source and target before the table is loaded again");
  }
}

void PgChunkSink::explain(Error& error) const {
  if (way_ == Way::by_server && error.sqlstate().starts_with("23"))
    error.hint(
        "this target sets aside rows that it cannot read, but none that break a constraint: leave them out with "
        "a table-list query, or drop the constraint");
  name_generated_columns(error, request_.target);
  add_hint(error, PgStep::load, quote_name(request_.target.name));
}

}  // namespace dbsync
