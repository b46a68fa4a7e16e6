#include "copy/table_loader.h"

#include <fmt/format.h>

#include "base/text.h"
#include "copy/copy_binary.h"
#include "copy/segment_rejects.h"
#include "pg/copy_in.h"
#include "pg/hints.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string copy_sql(const LoadRequest& request, const ChunkReader& reader) {
  std::string columns;
  for (const auto& name : reader.columns()) columns += (columns.empty() ? "" : ", ") + quote_identifier(name);
  // The old option syntax is understood by every version and by Greenplum.
  std::string options;
  if (reader.format() == CopyFormat::binary) options += " BINARY";
  if (request.freeze && request.truncate_first) options += " FREEZE";
  // A table without columns has rows, but no list of columns.
  return fmt::format("COPY {}{} FROM STDIN{}", quote_name(request.target.name),
                     columns.empty() ? "" : " (" + columns + ")", options.empty() ? "" : " WITH" + options);
}

std::span<const char> bytes_of(std::string_view text) { return {text.data(), text.size()}; }

void check_count(std::uint64_t sent, std::uint64_t counted) {
  if (sent == counted) return;
  throw Error(ErrorKind::target, fmt::format("{} rows were sent, but the target counted {}; rolled back", sent, counted))
      .hint("a trigger or rule on the target table may drop rows");
}

class Loader {
 public:
  Loader(const LoadRequest& request, ChunkReader& reader, PgConnection& target, const LoadProgress& progress,
         const std::stop_token& stop)
      : reader_(reader), target_(target), progress_(progress), rate_(request.rate), stop_(stop),
        sql_(copy_sql(request, reader)), buffer_(request.buffer_bytes) {
    outcome_.format = reader.format();
  }
  // What was rolled back was no progress.
  ~Loader() {
    if (kept_) return;
    progress_.take_back(shown_.rows, shown_.bytes);
  }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  void keep() { kept_ = true; }

  // One COPY for the whole task.
  LoadOutcome copy_straight() {
    CopyIn copy(target_, sql_);
    put_header(copy);
    for (bool more = true; more;) {
      more = read(nullptr);
      copy.put(buffer_.bytes());
      sent();
    }
    put_trailer(copy);
    check_count(outcome_.rows, copy.finish());
    return outcome_;
  }

  // A COPY per buffer; refused rows go to `rejects`.
  LoadOutcome copy_with_rejects(TaskRejects& rejects) {
    buffer_.log.emplace();
    for (bool more = true; more;) {
      more = read(&rejects);
      const std::uint64_t before = rejects.count();
      if (buffer_.rows > 0) copy_rows(0, buffer_.rows, rejects);
      outcome_.rows -= rejects.count() - before;
      sent();
    }
    outcome_.rejected = rejects.count();
    return outcome_;
  }

  // One COPY for the whole task, and the server sets aside what it cannot read.
  LoadOutcome copy_with_segment_rejects(const LoadRequest& request, TaskRejects& rejects) {
    const auto alone = request.rejects.alone(request.target.name);
    SegmentRejects log(target_, request.target.name, request.dialect.replicated_tables);
    CopyIn copy(target_, sql_ + segment_reject_clause(request.rejects.limit()));
    for (bool more = true; more;) {
      more = read(&rejects);
      copy.put(buffer_.bytes());
      sent();
    }
    outcome_.rows -= log.collect(outcome_.rows, copy.finish(), reader_.columns(), rejects);
    outcome_.rejected = rejects.count();
    return outcome_;
  }

 private:
  bool read(TaskRejects* rejects) {
    const bool more = reader_.read(buffer_, rejects);
    rate_.take(buffer_.rows, buffer_.size(), stop_);
    if (stop_.stop_requested()) throw Error(ErrorKind::interrupted, "stopped before its end; rolled back");
    return more;
  }

  void sent() {
    outcome_.rows += buffer_.rows;
    outcome_.bytes += buffer_.size();
    progress_.add(outcome_.rows - shown_.rows, outcome_.bytes - shown_.bytes);
    shown_.rows = outcome_.rows;
    shown_.bytes = outcome_.bytes;
    buffer_.clear();
  }

  void put_header(CopyIn& copy) const {
    if (reader_.format() == CopyFormat::binary) copy.put(bytes_of(copy_binary::kHeader));
  }
  void put_trailer(CopyIn& copy) const {
    if (reader_.format() == CopyFormat::binary) copy.put(bytes_of(copy_binary::kTrailer));
  }

  // Rows [from, to) of the buffer; halves them until the refused ones are alone.
  void copy_rows(std::size_t from, std::size_t to, TaskRejects& rejects) {
    target_.exec("SAVEPOINT dbsync_rows");
    try {
      CopyIn copy(target_, sql_);
      put_header(copy);
      const std::size_t begin = from == 0 ? 0 : buffer_.log->ends[from - 1];
      copy.put(buffer_.bytes().subspan(begin, buffer_.log->ends[to - 1] - begin));
      put_trailer(copy);
      check_count(to - from, copy.finish());
    } catch (const Error& error) {
      if (!is_row_error(error)) throw;
      target_.exec("ROLLBACK TO SAVEPOINT dbsync_rows; RELEASE SAVEPOINT dbsync_rows");
      if (to - from == 1) {
        rejects.add(buffer_.log->numbers[from], buffer_.log->texts[from], error);
      } else {
        const std::size_t middle = from + (to - from) / 2;
        copy_rows(from, middle, rejects);
        copy_rows(middle, to, rejects);
      }
      return;
    }
    target_.exec("RELEASE SAVEPOINT dbsync_rows");
  }

  // Errors that one row can cause: data exceptions, constraints, limits of the
  // server, and what a trigger raises.
  static bool is_row_error(const Error& error) {
    const std::string& state = error.sqlstate();
    return !error.connection_lost() && (state.starts_with("22") || state.starts_with("23") || state.starts_with("54") ||
                                        state.starts_with("P0"));
  }

  ChunkReader& reader_;
  PgConnection& target_;
  LoadProgress progress_;
  RateLimiter& rate_;
  const std::stop_token& stop_;
  std::string sql_;
  CopyBuffer buffer_;
  LoadOutcome outcome_;
  struct {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
  } shown_;  // as part of progress_
  bool kept_ = false;
};

// The clause is for text COPY; binary rows are found by halving.
bool server_sets_aside(const LoadRequest& request, const ChunkReader& reader) {
  return request.rejects.limit() > 0 && request.dialect.segment_rejects && reader.format() == CopyFormat::text;
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
  error.hint(fmt::format("the target computes {} of {} and cannot do it for a row; ALTER TABLE {} ALTER COLUMN … DROP EXPRESSION "
                         "(PostgreSQL 13) makes it an ordinary column, which gets the source's values; mysql2pgsql "
                         "--create makes it one with generated_columns = \"values\" in [ddl]",
                         join(names, ", "), target.name.display(), quote_name(target.name)));
}

LoadOutcome run_loader(Loader& loader, const LoadRequest& request, const ChunkReader& reader, TaskRejects& rejects) {
  const bool by_server = server_sets_aside(request, reader);
  try {
    if (by_server) return loader.copy_with_segment_rejects(request, rejects);
    return request.rejects.limit() > 0 ? loader.copy_with_rejects(rejects) : loader.copy_straight();
  } catch (Error& error) {
    if (by_server && error.sqlstate().starts_with("23"))
      error.hint("this target sets aside rows that it cannot read, but none that break a constraint: leave them out with "
                 "a table-list query, or drop the constraint");
    name_generated_columns(error, request.target);
    add_hint(error, PgStep::load, quote_name(request.target.name));
    throw;
  }
}

std::vector<std::string> key_of(const CopyTask& task) {
  return task.definition ? task.definition->primary_key.columns : std::vector<std::string>{};
}

}  // namespace

namespace {

void commit(PgTransaction& transaction, bool journaled) {
  try {
    transaction.commit();
  } catch (const Error& error) {
    if (journaled || !error.connection_lost()) throw;
    throw Error(ErrorKind::target, fmt::format("whether the rows were committed is not known: {}", error.what()))
        .hint("compare the row counts of source and target before the table is loaded again");
  }
}

}  // namespace

void LoadProgress::add(std::uint64_t rows, std::uint64_t bytes) const {
  for (TaskProgress* counters : {&task, &worker}) {
    counters->rows.fetch_add(rows, std::memory_order_relaxed);
    counters->bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
}

void LoadProgress::take_back(std::uint64_t rows, std::uint64_t bytes) const {
  for (TaskProgress* counters : {&task, &worker}) {
    counters->rows.fetch_sub(rows, std::memory_order_relaxed);
    counters->bytes.fetch_sub(bytes, std::memory_order_relaxed);
  }
}

LoadOutcome load_chunk(const LoadRequest& request, SourceSession& source, PgConnection& target,
                       const LoadProgress& progress, const std::stop_token& stop) {
  PgTransaction transaction(target);
  if (request.replica) target.exec("SET LOCAL session_replication_role = replica");
  if (request.truncate_first) truncate_table(target, request.target);
  const auto reader = source.open(request.task, request.chunk, request.target, request.format);
  TaskRejects rejects(request.rejects, request.target.name, request.task.name, key_of(request.task));
  Loader loader(request, *reader, target, progress, stop);
  LoadOutcome outcome = run_loader(loader, request, *reader, rejects);
  outcome.changed = reader->changed_values();
  if (request.before_commit && !request.before_commit(target, outcome)) return outcome;  // the transaction rolls back
  rejects.keep();
  commit(transaction, request.before_commit != nullptr);
  loader.keep();
  return outcome;
}

}  // namespace dbsync
