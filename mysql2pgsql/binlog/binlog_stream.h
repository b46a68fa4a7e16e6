// A MySQL or MariaDB source as a stream of transactions, from its binlog.
//
// A group of events is a transaction: begun by a GTID, BEGIN or XA START, ended by XID,
// COMMIT, XA PREPARE, or of one statement. Positions are ends of groups. Rows of tables
// that are not followed are passed over unread. XA transactions are held back until they
// are decided.
//
// Nothing is passed over that is not understood: unknown events, statements that change
// rows of the followed databases, definitions of followed tables, and incidents are errors
// (ErrorKind::source) that name the place and what to do; what was read before is applied.
//
// Threads and errors: as ChangeStream.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "cdc/change_stream.h"
#include "cdc/transaction_assembler.h"
#include "cdc/tuple.h"
#include "mysql2pgsql/binlog/applied_gtids.h"
#include "mysql2pgsql/binlog/binlog_clock.h"
#include "mysql2pgsql/binlog/binlog_place.h"
#include "mysql2pgsql/binlog/binlog_tables.h"
#include "mysql2pgsql/binlog/cascade_rows.h"
#include "mysql2pgsql/binlog/event_source.h"
#include "mysql2pgsql/binlog/gtid_tracker.h"
#include "mysql2pgsql/binlog/payload.h"
#include "mysql2pgsql/binlog/row_tuple.h"
#include "mysql2pgsql/binlog/statement.h"

namespace dbsync {

struct BinlogOptions {
  Position start;         // everything that ends here or before is applied
  Position end;           // the caller ends here; unknown = nowhere
  Position schema_known;  // definitions before it are in the tables' descriptions; unknown = none
  SpillPolicy spill;
  TableWanted wanted;  // empty: the changes of all tables
  // Finds the changes of an XA transaction that was prepared before the start; null: none can be.
  std::function<std::optional<Transaction>(const std::string& xid, const Position& before)> find_prepared;
  std::shared_ptr<BinlogPlace> place;  // kept up to date; null: nobody looks
  std::shared_ptr<GtidTracker> gtids;  // is told of each transaction; null: nobody asks
  AppliedGtids applied;                // of them nothing is given again
};

class BinlogStream : public ChangeStream {
 public:
  BinlogStream(std::unique_ptr<EventSource> source, BinlogTables& tables, BinlogOptions options);

  Next next(Transaction& out, Clock::time_point deadline) override;
  Clock::time_point heartbeat() override { return Clock::now() + std::chrono::seconds(1); }
  void confirm(const Position& position) override;
  void interrupt() override;
  Position seen() const override;
  Position passed() const override;

  // The prepared transaction of this name, when it was among what has been read.
  std::optional<Transaction> take_prepared(const std::string& xid);
  // True when files were read to their end.
  bool at_end() const { return at_end_; }

 private:
  enum class Group { none, announced, open };

  struct Mapped {
    std::string bytes;                      // of the TABLE_MAP
    std::unique_ptr<RowTuples> tuples;      // null: not followed
    std::uint64_t group = 0;                // that it was last seen in
    std::unique_ptr<CascadeRows> cascades;  // null: nothing follows from its rows
  };

  // True when `out` holds a transaction.
  bool step(Transaction& out);
  bool passes_unread(std::string_view bytes);
  BinlogChecksum checksum() const { return checksum_.value_or(source_->checksum()); }
  bool handle(const BinlogEvent& event, bool inner, Transaction& out);
  bool handle_query(const BinlogEvent& event, Transaction& out);
  bool handle_statement(const BinlogStatement& statement, const QueryEvent& query, std::string_view text,
                        const EventHeader& header, Transaction& out);
  bool handle_xa_prepare(const BinlogEvent& event, Transaction& out);
  bool decide_xa(const BinlogStatement& statement, const EventHeader& header, Transaction& out);
  void handle_gtid(const GtidEvent& gtid);
  void handle_format(const BinlogEvent& event);
  void handle_rotate(const BinlogEvent& event);
  void handle_table_map(const BinlogEvent& event);
  void handle_rows(const BinlogEvent& event);
  void handle_other(const BinlogEvent& event);
  bool read_rows(Transaction& out);
  void end_rows();
  void end_of_files();

  void open_group(const EventHeader& header);
  bool end_group(const EventHeader& header, Transaction& out);
  bool end_without_changes();
  bool deliver(Transaction transaction, Transaction& out);
  void abandon_group();
  void roll_back_to(const std::string& savepoint);
  bool truncate(const BinlogStatement& statement, const QueryEvent& query, const EventHeader& header, Transaction& out);
  bool end_rolled_back(const EventHeader& header, Transaction& out);
  bool hold(const std::string& xid);
  bool is_read(const std::string& db, const std::string& name);
  void check_definition(const BinlogStatement& statement, const QueryEvent& query, std::string_view text);
  void check_rows_statement(const QueryEvent& query, std::string_view text);
  bool may_split() const { return !passing_ && !unsplittable_; }
  void border(const Position& position);
  void note_gtid(const Position& position);

  std::unique_ptr<EventSource> source_;
  BinlogTables& tables_;
  BinlogOptions options_;
  TransactionAssembler assembler_;
  BinlogClock clock_;
  std::optional<BinlogChecksum> checksum_;  // of the file, once it has told
  std::string server_version_;
  Group group_ = Group::none;
  std::uint64_t groups_ = 0;  // begun
  Position group_start_;
  GtidEvent gtid_;
  bool applied_ = false;       // its GTID is among those that are applied
  bool passing_ = false;       // it was applied before
  bool unsplittable_ = false;  // it may be rolled back, or held
  bool xa_ = false;
  bool changed_transactional_ = false, changed_at_once_ = false;  // rows of tables with and without transactions
  std::map<std::string, ChangeLog::Mark> savepoints_;
  std::map<std::string, Transaction> prepared_;       // XA, by name
  std::set<std::string> empty_prepared_;              // that have no changes for us
  std::unordered_map<std::uint64_t, Mapped> mapped_;  // by table id
  std::unique_ptr<PayloadReader> payload_;

  // The rows event that is being read.
  std::string rows_scratch_;
  RowsEvent rows_;
  std::optional<LittleReader> rows_left_;
  RowTuples* tuples_ = nullptr;
  CascadeRows* cascades_ = nullptr;
  OldImage old_image_ = OldImage::none;
  CopyBuffer old_tuple_{std::size_t{64} << 10};
  CopyBuffer new_tuple_{std::size_t{64} << 10};

  std::string query_scratch_, statement_scratch_;
  std::uint64_t events_ = 0;
  bool heard_ = false;  // from the source, about its position
  bool at_end_ = false;
  std::atomic<bool> interrupted_{false};

  mutable std::mutex mutex_;  // guards the following
  Position seen_;             // written by the reading thread alone, which needs no lock to read it
  Position delivered_;
  Position confirmed_;
};

}  // namespace dbsync
