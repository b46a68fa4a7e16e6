#include "cdc/transaction_assembler.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cdc/tuple.h"

namespace dbsync {

namespace {

constexpr std::size_t kAnyWidth = SIZE_MAX;

Error out_of_order(const char* what) {
  return Error(ErrorKind::source, fmt::format("the stream of changes is out of order: {}", what));
}

std::size_t width_of(std::string_view tuple) { return tuple.empty() ? kAnyWidth : tuple_width(tuple); }

}  // namespace

void TransactionAssembler::begin(const Position& start, std::int64_t commit_time, std::uint64_t id) {
  if (open_) throw out_of_order("a transaction begins within another");
  current_ = Transaction{
      .start = start, .commit_time = commit_time, .id = id, .first = true, .last = true, .changes = new_log()};
  open_ = true;
  ++count_;
}

void TransactionAssembler::describe(const Relation& relation) {
  Relation described = relation;
  for (RelationColumn& column : described.columns)
    if (const auto type = types_.find(column.type_oid); type != types_.end()) column.type_name = type->second;
  Known& known = relations_[relation.id];
  if (known.relation && *known.relation == described) return;
  const bool wanted = !wanted_ || wanted_(described);
  known = {std::make_shared<const Relation>(std::move(described)), 0, 0, wanted};
}

void TransactionAssembler::describe_type(std::uint32_t oid, std::string name) { types_[oid] = std::move(name); }

std::optional<std::uint32_t> TransactionAssembler::number_of(std::uint32_t relation, std::size_t old_width,
                                                             std::size_t new_width) {
  if (!open_) throw out_of_order("a change outside of a transaction");
  const auto found = relations_.find(relation);
  if (found == relations_.end()) throw out_of_order("a change of a table that was not described");
  Known& known = found->second;
  const std::size_t columns = known.relation->columns.size();
  if ((old_width != kAnyWidth && old_width != columns) || (new_width != kAnyWidth && new_width != columns))
    throw Error(ErrorKind::source, fmt::format("a row of {} has another number of columns than the table",
                                               known.relation->name.display()));
  if (!known.wanted) return std::nullopt;
  if (known.transaction != count_) {
    known.number = current_.changes.add_relation(known.relation);
    known.transaction = count_;
  }
  return known.number;
}

void TransactionAssembler::change(ChangeKind kind, std::uint32_t relation, OldImage image, std::string_view old_tuple,
                                  std::string_view new_tuple) {
  if (const auto number = number_of(relation, width_of(old_tuple), width_of(new_tuple)))
    current_.changes.append(kind, image, *number, old_tuple, new_tuple);
}

void TransactionAssembler::truncate(bool restart_identity, const std::vector<std::uint32_t>& relations) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(relations.size());
  for (const std::uint32_t relation : relations)
    if (const auto number = number_of(relation, kAnyWidth, kAnyWidth)) numbers.push_back(*number);
  if (numbers.empty() && !relations.empty()) return;
  current_.changes.append_truncate(restart_identity, numbers);
}

Transaction TransactionAssembler::take_current() {
  buffer_ = current_.changes.fit();
  return std::move(current_);
}

std::optional<Transaction> TransactionAssembler::take_part(std::size_t bytes) {
  if (!open_ || current_.changes.bytes() < bytes) return std::nullopt;
  Transaction part = take_current();
  part.last = false;
  current_ = Transaction{.start = part.start,
                         .commit_time = part.commit_time,
                         .id = part.id,
                         .first = false,
                         .last = true,
                         .changes = new_log()};
  ++count_;  // relations are numbered anew in each part
  return part;
}

Transaction TransactionAssembler::commit(const Position& end) {
  if (!open_) throw out_of_order("a commit without a transaction");
  open_ = false;
  current_.end = end;
  return take_current();
}

bool TransactionAssembler::end_empty() {
  if (!open_ || !current_.first || current_.changes.changes() > 0) return false;
  open_ = false;
  buffer_ = current_.changes.fit();
  return true;
}

void TransactionAssembler::reset() {
  open_ = false;
  current_ = Transaction();
  relations_.clear();
  types_.clear();
}

}  // namespace dbsync
