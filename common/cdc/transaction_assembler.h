// Puts the events of a stream together to whole transactions.
//
// Sources send transactions in commit order, one after the other, each as begin,
// descriptions of the tables it touches, changes, commit. A description holds
// until the next one of the same table, across transactions. A changed
// description is a new Relation; an equal one is dropped.
//
// Errors: ErrorKind::source for events out of order or of unknown tables.
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cdc/transaction.h"

namespace dbsync {

// Which tables' changes are wanted, by their name on the source; empty: all.
using TableWanted = std::function<bool(const QualifiedName&)>;
// The same by all that a stream tells of a table.
using RelationWanted = std::function<bool(const Relation&)>;

class TransactionAssembler {
 public:
  // Changes of tables that are not `wanted` are checked and dropped.
  explicit TransactionAssembler(SpillPolicy policy = {}, RelationWanted wanted = {})
      : policy_(std::move(policy)), wanted_(std::move(wanted)) {}

  bool in_transaction() const { return open_; }
  // Parts of the open transaction were taken.
  bool in_parts() const { return open_ && !current_.first; }

  void begin(const Position& start, std::int64_t commit_time, std::uint64_t id);
  // May also come between transactions.
  void describe(const Relation& relation);
  // The quoted SQL name of a type that is not built in.
  void describe_type(std::uint32_t oid, std::string name);
  void change(ChangeKind kind, std::uint32_t relation, OldImage image, std::string_view old_tuple,
              std::string_view new_tuple);
  void truncate(bool restart_identity, const std::vector<std::uint32_t>& relations);
  // The changes so far of the open transaction, when they have at least so many
  // bytes: the next ones belong to the next part.
  std::optional<Transaction> take_part(std::size_t bytes);
  // A place in the open transaction that it may go back to: of a savepoint. No part may
  // be taken meanwhile.
  ChangeLog::Mark mark() const { return current_.changes.mark(); }
  void roll_back_to(const ChangeLog::Mark& mark) { current_.changes.cut(mark); }
  // The transaction, or its last part.
  Transaction commit(const Position& end);
  // Ends the transaction when there is nothing in it, of which most of a log may be that is
  // followed for few tables; else false.
  bool end_empty();

  // Forgets an unfinished transaction and all descriptions: the stream starts anew.
  void reset();

 private:
  // The number of a relation in the open transaction's log; nothing when its changes
  // are not wanted.
  std::optional<std::uint32_t> number_of(std::uint32_t relation, std::size_t old_width, std::size_t new_width);

  ChangeLog new_log() { return ChangeLog(policy_, std::exchange(buffer_, {})); }
  Transaction take_current();

  struct Known {
    std::shared_ptr<const Relation> relation;
    std::uint64_t transaction = 0;  // that `number` belongs to
    std::uint32_t number = 0;
    bool wanted = true;
  };

  SpillPolicy policy_;
  RelationWanted wanted_;
  std::unordered_map<std::uint32_t, Known> relations_;
  std::unordered_map<std::uint32_t, std::string> types_;
  Transaction current_;
  std::string buffer_;       // of the next log: not allocated anew for every transaction
  std::uint64_t count_ = 0;  // of transactions begun
  bool open_ = false;
};

}  // namespace dbsync
