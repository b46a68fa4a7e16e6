#include "pgsql2pgsql/follow/pgoutput_stream.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/quote.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;
using Kind = PgoutputMessage::Kind;

constexpr auto kLongestSilence = 10s;
constexpr auto kProgressInterval = 1s;  // at most this often when only the position has moved
constexpr std::int64_t kPostgresEpochMicros = 946684800LL * 1000000;
// Large transactions are applied while they arrive, in parts of this size.
constexpr std::size_t kPartBytes = std::size_t{4} << 20;
constexpr int kBinarySince = 140000;

// The list of publications is one literal that holds quoted names.
std::string start_command(const PgoutputOptions& options) {
  return fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {}{})",
                     quote_identifier(options.slot), options.start.text(),
                     quote_literal(quote_identifier(options.publication)), options.binary ? ", binary 'true'" : "");
}

OldImage image_of(PgoutputMessage::OldRow row) {
  switch (row) {
    case PgoutputMessage::OldRow::none: return OldImage::none;
    case PgoutputMessage::OldRow::key: return OldImage::key;
    case PgoutputMessage::OldRow::full: return OldImage::full;
  }
  return OldImage::none;
}

}  // namespace

PgoutputStream::PgoutputStream(const PgoutputOptions& options)
    : connection_(options.conninfo, options.application_name),
      assembler_(options.spill, options.wanted),
      values_(options.binary ? RelationValues::source_binary : RelationValues::source_text),
      start_(options.start.high),
      feedback_(options.start.high, options.end.known() ? options.end.high : Feedback::kNoLimit) {
  const auto patience = options.sender_timeout;
  interval_ = patience.count() > 0 ? std::min<Clock::duration>(patience / 3, kLongestSilence) : kLongestSilence;
  if (options.binary && connection_.server_version() < kBinarySince)
    throw Error(ErrorKind::internal, "binary values were asked of a source that has none");
  connection_.start(start_command(options));
  last_status_ = Clock::now();
}

Position PgoutputStream::seen() const {
  const std::lock_guard lock(mutex_);
  return lsn_position(feedback_.seen());
}

Position PgoutputStream::passed() const {
  const std::lock_guard lock(mutex_);
  return lsn_position(feedback_.passed());
}

void PgoutputStream::confirm(const Position& position) {
  const std::lock_guard lock(mutex_);
  feedback_.confirm(position.high);
}

void PgoutputStream::send_status(bool want_reply) {
  StatusUpdate status;
  {
    const std::lock_guard lock(mutex_);
    status = {feedback_.seen(), feedback_.flushed(), want_reply};
  }
  connection_.send(status);
  last_flushed_ = status.flushed;
  last_status_ = Clock::now();
}

ChangeStream::Clock::time_point PgoutputStream::heartbeat() {
  std::uint64_t flushed = 0;
  {
    const std::lock_guard lock(mutex_);
    flushed = feedback_.flushed();
  }
  const auto due =
      last_status_ + (flushed > last_flushed_ ? std::min<Clock::duration>(kProgressInterval, interval_) : interval_);
  const auto now = Clock::now();
  if (now >= due) send_status(false);
  // Never in the past: callers wait until then. Progress may come at any time.
  return now + std::min<Clock::duration>(kProgressInterval, interval_);
}

bool PgoutputStream::handle_commit(Transaction& out) {
  Transaction transaction = assembler_.commit(lsn_position(message_.end_lsn));
  const std::lock_guard lock(mutex_);
  if (passing_ || (transaction.first && transaction.changes.changes() == 0)) {
    feedback_.transaction_passed(message_.end_lsn);
    return false;
  }
  feedback_.transaction_delivered(message_.end_lsn);
  out = std::move(transaction);
  return true;
}

bool PgoutputStream::handle_change(ChangeKind kind, Transaction& out) {
  const OldImage image = kind == ChangeKind::insert ? OldImage::none : image_of(message_.old_row);
  assembler_.change(kind, message_.id, image, message_.old_tuple, message_.new_tuple);
  auto part = assembler_.take_part(kPartBytes);
  if (!part || passing_) return false;
  out = std::move(*part);
  return true;
}

// True when `out` holds a transaction.
bool PgoutputStream::handle_message(Transaction& out) {
  switch (message_.kind) {
    case Kind::begin: {
      // Positions are ends of transactions, so this one ends at or before the start.
      passing_ = message_.lsn < start_;
      transaction_ = message_.xid;
      assembler_.begin(lsn_position(message_.lsn), message_.time + kPostgresEpochMicros, message_.xid);
      const std::lock_guard lock(mutex_);
      feedback_.transaction_begins();
      return false;
    }
    case Kind::commit: return handle_commit(out);
    case Kind::relation:
      message_.relation.transaction = transaction_;
      message_.relation.values = values_;
      assembler_.describe(message_.relation);
      return false;
    case Kind::type: assembler_.describe_type(message_.id, quote_name(message_.type_name)); return false;
    case Kind::insert: return handle_change(ChangeKind::insert, out);
    case Kind::update: return handle_change(ChangeKind::update, out);
    case Kind::remove: return handle_change(ChangeKind::remove, out);
    case Kind::truncate: assembler_.truncate(message_.restart_identity, message_.ids); return false;
    case Kind::origin:
    case Kind::message: return false;  // neither changes a table
  }
  return false;
}

bool PgoutputStream::handle(const PgoutputFrame& frame, Transaction& out) {
  if (frame.kind == PgoutputFrame::Kind::data) {
    decode_message(frame.payload, message_);
    return handle_message(out);
  }
  {
    const std::lock_guard lock(mutex_);
    feedback_.keepalive(frame.end);
  }
  heard_position_ = true;
  if (frame.reply_requested) send_status(false);
  return false;
}

ChangeStream::Next PgoutputStream::next(Transaction& out, Clock::time_point deadline) {
  Clock::time_point beat = heartbeat();
  unsigned frames = 0;
  for (;;) {
    const auto bytes = connection_.receive(std::min(deadline, beat));
    if (!bytes) {
      beat = heartbeat();
      return Next::timeout;
    }
    try {
      if (handle(decode_frame(*bytes), out)) return Next::transaction;
    } catch (Error& error) {
      throw error.context(fmt::format("at {} of the source", seen().text())).context(connection_.describe());
    }
    if (heard_position_) {
      heard_position_ = false;
      return Next::position;
    }
    // A long transaction must not keep the source waiting for a sign of life.
    constexpr unsigned kFramesBetweenLooks = 1024;
    if (++frames % kFramesBetweenLooks == 0) beat = heartbeat();
  }
}

void PgoutputStream::finish() {
  send_status(false);
  connection_.stop();
}

}  // namespace dbsync
