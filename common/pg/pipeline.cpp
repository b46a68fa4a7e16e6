#include "pg/pipeline.h"

#include <poll.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/log.h"

namespace dbsync {

namespace {

// Enough to keep the server busy, also while its answer travels far; little enough for its
// and our buffers.
constexpr std::size_t kMostBytesInFlight = std::size_t{4} << 20;
constexpr std::size_t kMostStatementsInFlight = 1024;
constexpr std::size_t kStatementOverhead = 64;  // of the messages around the parameters

PgErrorObject object_of(const pg_result* result) {
  const auto field = [result](int code) {
    const char* text = PQresultErrorField(result, code);
    return std::string(text != nullptr ? text : "");
  };
  return {field(PG_DIAG_SCHEMA_NAME), field(PG_DIAG_TABLE_NAME), field(PG_DIAG_DATATYPE_NAME),
          field(PG_DIAG_CONSTRAINT_NAME)};
}

}  // namespace

void PgParameters::clear() {
  values_.clear();
  lengths_.clear();
  formats_.clear();
  bytes_ = 0;
}

void PgParameters::add_null() {
  values_.push_back(nullptr);
  lengths_.push_back(0);
  formats_.push_back(0);
}

void PgParameters::add(const char* data, std::size_t size, Format format) {
  values_.push_back(data);
  lengths_.push_back(static_cast<int>(size));
  formats_.push_back(static_cast<int>(format));
  bytes_ += size;
}

PgPipeline::PgPipeline(PgConnection& connection) : connection_(connection) {
  if (PQsetnonblocking(connection_.raw(), 1) != 0 || PQenterPipelineMode(connection_.raw()) != 1)
    throw connection_.error_of(nullptr, "entering pipeline mode");
}

PgPipeline::~PgPipeline() {
  if (!open_) return;
  try {
    if (connection_.usable()) sync();
    finish();
  } catch (const std::exception& error) {
    // The connection is lost or out of step; whoever uses it next is told so.
    log::debug("target", error.what());
  }
}

void PgPipeline::lost() {
  Error error = connection_.error_of(nullptr, in_flight_.empty() ? "" : in_flight_.front().statement->sql);
  throw error;
}

void PgPipeline::send(PgStatement& statement, const PgParameters& parameters, std::int64_t rows) {
  PGconn* const raw = connection_.raw();
  if (!statement.prepared) {
    const std::vector<Oid> types(statement.types.begin(), statement.types.end());
    if (PQsendPrepare(raw, statement.name.c_str(), statement.sql.c_str(), static_cast<int>(types.size()),
                      types.data()) != 1)
      lost();
    statement.prepared = true;
    sent(statement, kAnyRows, statement.sql.size());
  }
  if (PQsendQueryPrepared(raw, statement.name.c_str(), parameters.count(), parameters.values(), parameters.lengths(),
                          parameters.formats(), 0) != 1)
    lost();
  sent(statement, rows, parameters.bytes());
  limit_flight();
}

void PgPipeline::sent(const PgStatement& statement, std::int64_t rows, std::size_t bytes) {
  in_flight_.push_back({&statement, rows, bytes + kStatementOverhead});
  bytes_in_flight_ += bytes + kStatementOverhead;
  dirty_ = true;
}

// Over the limit, waits until half of it is answered.
void PgPipeline::limit_flight() {
  if (bytes_in_flight_ < kMostBytesInFlight && in_flight_.size() < kMostStatementsInFlight) return;
  // Without it the server keeps small results to itself.
  if (PQsendFlushRequest(connection_.raw()) != 1) lost();
  while (!in_flight_.empty() &&
         (bytes_in_flight_ > kMostBytesInFlight / 2 || in_flight_.size() > kMostStatementsInFlight / 2)) {
    const int pending = PQflush(connection_.raw());
    if (pending < 0) lost();
    if (!read_available()) wait(pending > 0);
  }
}

void PgPipeline::wait(bool for_writing) {
  pollfd fd{PQsocket(connection_.raw()), static_cast<short>(POLLIN | (for_writing ? POLLOUT : 0)), 0};
  if (::poll(&fd, 1, -1) < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  if ((fd.revents & (POLLIN | POLLERR | POLLHUP)) != 0 && PQconsumeInput(connection_.raw()) == 0) lost();
}

// Takes one result if it is there. In pipeline mode a null ends each statement.
bool PgPipeline::read_available() {
  PGconn* const raw = connection_.raw();
  if (PQisBusy(raw) != 0) return false;
  if (pg_result* result = PQgetResult(raw)) {
    take_result(result);
    return true;
  }
  if (!connection_.usable()) lost();
  return PQisBusy(raw) == 0;  // the next statement's result may be here already
}

void PgPipeline::take_result(pg_result* raw) {
  const PgResult result(raw);
  const ExecStatusType status = PQresultStatus(raw);
  if (status == PGRES_PIPELINE_SYNC) {
    synced_ = true;
    return;
  }
  if (in_flight_.empty()) throw Error(ErrorKind::internal, "a result without a statement in a pipeline");
  const Sent of = in_flight_.front();
  in_flight_.pop_front();
  bytes_in_flight_ -= of.bytes;
  if (failure_) return;
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
    const auto changed = static_cast<std::int64_t>(result.affected_rows());
    if (of.rows == kAnyRows || of.rows == changed) return;
    failure_ =
        Failure{Error(ErrorKind::data, fmt::format("{} rows changed where {} were meant to be", changed, of.rows))
                    .statement(of.statement->sql),
                true, changed};
  } else {
    failure_ = Failure{connection_.error_of(raw, of.statement->sql), false, 0, object_of(raw)};
  }
  if (!connection_.usable()) throw Error(failure_->error);
}

std::optional<PgPipeline::Failure> PgPipeline::sync() {
  PGconn* const raw = connection_.raw();
  if (dirty_) {
    if (PQpipelineSync(raw) != 1) lost();
    synced_ = dirty_ = false;
  }
  while (!synced_) {
    const int pending = PQflush(raw);
    if (pending < 0) lost();
    if (!read_available() && !synced_) wait(pending > 0);
  }
  return std::exchange(failure_, std::nullopt);
}

void PgPipeline::push() {
  if (PQflush(connection_.raw()) < 0) lost();
}

void PgPipeline::finish() {
  open_ = false;
  // A null is left behind the answer to a sync.
  if (connection_.usable() && PQexitPipelineMode(connection_.raw()) != 1)
    throw connection_.error_of(nullptr, "leaving pipeline mode");
  PQsetnonblocking(connection_.raw(), 0);
}

}  // namespace dbsync
