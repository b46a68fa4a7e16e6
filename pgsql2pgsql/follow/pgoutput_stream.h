// A PostgreSQL source as a stream of transactions: replication slot, plugin
// pgoutput.
//
// Answers the source's keepalives at once and by itself at least three times per
// wal_sender_timeout. Transactions that end at or before the start position are
// dropped, empty ones are passed over.
//
// Threads and errors: as ChangeStream.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "cdc/change_stream.h"
#include "cdc/transaction_assembler.h"
#include "pgsql2pgsql/follow/feedback.h"
#include "pgsql2pgsql/follow/pgoutput_decoder.h"
#include "pgsql2pgsql/follow/replication_connection.h"

namespace dbsync {

struct PgoutputOptions {
  std::string conninfo;
  std::string application_name;
  std::string slot;
  std::string publication;
  Position start;                               // everything that ends here or before is applied
  Position end;                                 // the caller ends here; unknown = nowhere
  bool binary = false;                          // values in binary form; from 14 on
  std::chrono::milliseconds sender_timeout{0};  // the source's wal_sender_timeout
  SpillPolicy spill;
  RelationWanted wanted;  // empty: the changes of all published tables
};

class PgoutputStream : public ChangeStream {
 public:
  explicit PgoutputStream(const PgoutputOptions& options);

  Next next(Transaction& out, Clock::time_point deadline) override;
  Clock::time_point heartbeat() override;
  void confirm(const Position& position) override;
  void interrupt() override { connection_.interrupt(); }
  Position seen() const override;
  Position passed() const override;

  void finish() override;

 private:
  bool handle(const PgoutputFrame& frame, Transaction& out);
  bool handle_message(Transaction& out);
  bool handle_commit(Transaction& out);
  bool handle_change(ChangeKind kind, Transaction& out);
  void send_status(bool want_reply);

  ReplicationConnection connection_;
  TransactionAssembler assembler_;
  PgoutputMessage message_;
  RelationValues values_;  // the form in which the source sends them
  std::uint64_t start_;
  Clock::duration interval_{};
  Clock::time_point last_status_{};
  std::uint64_t last_flushed_ = 0;
  bool heard_position_ = false;
  std::uint32_t transaction_ = 0;  // the open one
  bool passing_ = false;           // over a transaction that was applied before

  mutable std::mutex mutex_;  // guards feedback_
  Feedback feedback_;
};

}  // namespace dbsync
