#include "mysql2pgsql/binlog/cascade_rows.h"

#include <algorithm>

#include <fmt/format.h>

#include "format/copy_binary.h"

namespace dbsync {

namespace {

std::string_view bytes_of(const CopyBuffer& buffer) { return {buffer.bytes().data(), buffer.size()}; }

bool any(const std::vector<Value>& values, Value::Kind kind) {
  return std::any_of(values.begin(), values.end(), [&](const Value& value) { return value.kind == kind; });
}

// The new tuple, with what an image leaves out since it is unchanged.
void complete(const std::vector<Value>& old_values, const std::vector<Value>& new_values, CopyBuffer& out) {
  out.clear();
  copy_binary::begin_row(out, new_values.size());
  for (std::size_t i = 0; i < new_values.size(); ++i) {
    const Value& value = new_values[i].kind == Value::Kind::unchanged ? old_values[i] : new_values[i];
    out.put_byte(static_cast<char>(value.kind));
    if (value.has_bytes()) copy_binary::put_bytes(out, value.bytes());
  }
}

}  // namespace

CascadeRows::CascadeRows(const std::vector<CascadePlan>& plans, const TableMap& map, const CharsetSource& charsets,
                         const TableWanted& wanted, TransactionAssembler& out)
    : table_(fmt::format("{}.{}", map.name.db, map.name.table)), out_(out) {
  for (const CascadePlan& plan : plans) {
    if (wanted && !wanted(plan.child_name) && plan.ends_at_child) continue;
    Entry& entry = entries_.emplace_back(Entry{&plan, nullptr});
    if (!plan.keys) continue;
    entry.keys = std::make_unique<RowTuples>(*plan.keys, map, charsets);
    if (plan.obstacle.empty()) out.describe(*plan.keys->relation);
  }
}

void CascadeRows::add(const RowsEvent& rows, bool may_stop) {
  if (rows.kind == ChangeKind::insert || (rows.flags & (kRowsForeignKeyChecksOff | kRowsCascadesAreLogged)) != 0)
    return;
  for (const Entry& entry : entries_) {
    const CascadePlan& plan = *entry.plan;
    if (rows.kind == ChangeKind::update) {
      if (plan.on_update) add_updated(entry, rows, may_stop);
      continue;
    }
    if (!plan.on_delete) continue;
    if (plan.obstacle.empty())
      add_removed(entry, rows);
    else if (may_stop)
      stop(plan, "deleted rows", plan.obstacle);
  }
}

void CascadeRows::add_removed(const Entry& entry, const RowsEvent& rows) {
  LittleReader in(rows.rows, "row image");
  while (in.remaining() > 0) {
    old_tuple_.clear();
    entry.keys->read(in, rows.before, RowTuples::Role::before, old_tuple_);
    read_tuple(bytes_of(old_tuple_), old_values_);
    if (any(old_values_, Value::Kind::unchanged))
      stop(*entry.plan, "deleted rows", "binlog_row_image is not FULL, and the old rows lack the key");
    if (any(old_values_, Value::Kind::null)) continue;
    out_.change(ChangeKind::remove, entry.plan->keys->relation->id, OldImage::full, bytes_of(old_tuple_), {});
  }
}

// Moves behind a row.
bool CascadeRows::key_changes(const Entry& entry, LittleReader& in, const RowsEvent& rows) {
  entry.keys->read_raw(in, rows.before, entry.plan->places, old_raw_);
  if (rows.partial) entry.keys->pass_changes(in);
  entry.keys->read_raw(in, rows.after, entry.plan->places, new_raw_);
  for (std::size_t i = 0; i < old_raw_.size(); ++i)
    if (new_raw_[i].state != RawValue::State::absent && new_raw_[i] != old_raw_[i]) return true;
  return false;
}

void CascadeRows::add_updated(const Entry& entry, const RowsEvent& rows, bool may_stop) {
  const CascadePlan& plan = *entry.plan;
  if (!entry.keys) {
    if (may_stop) stop(plan, "updated rows, perhaps their keys", plan.obstacle);
    return;
  }
  LittleReader in(rows.rows, "row image");
  while (in.remaining() > 0) {
    LittleReader row = in;
    if (!key_changes(entry, in, rows)) continue;
    if (!plan.obstacle.empty()) {
      if (may_stop) stop(plan, "changed a key", plan.obstacle);
      continue;
    }
    old_tuple_.clear();
    new_tuple_.clear();
    entry.keys->read(row, rows.before, RowTuples::Role::before, old_tuple_);
    if (rows.partial) entry.keys->pass_changes(row);
    entry.keys->read(row, rows.after, RowTuples::Role::after, new_tuple_);
    read_tuple(bytes_of(old_tuple_), old_values_);
    read_tuple(bytes_of(new_tuple_), new_values_);
    if (any(old_values_, Value::Kind::unchanged))
      stop(plan, "changed a key", "binlog_row_image is not FULL, and the old rows lack the key");
    if (any(old_values_, Value::Kind::null)) continue;
    if (any(new_values_, Value::Kind::unchanged)) {
      CopyBuffer whole(1024);
      complete(old_values_, new_values_, whole);
      out_.change(ChangeKind::update, plan.keys->relation->id, OldImage::full, bytes_of(old_tuple_), bytes_of(whole));
    } else {
      out_.change(ChangeKind::update, plan.keys->relation->id, OldImage::full, bytes_of(old_tuple_),
                  bytes_of(new_tuple_));
    }
  }
}

void CascadeRows::stop(const CascadePlan& plan, const char* done, const std::string& why) const {
  throw Error(ErrorKind::source,
              fmt::format("the source has {} of {}, and by a foreign key's action has changed rows of {}, which its "
                          "binlog does not tell and which cannot be done in the same way here: {}",
                          done, table_, plan.child, why))
      .hint(fmt::format("everything before it is applied. Go on with --accept-schema, and then do on the target by "
                        "hand what the foreign key of "
                        "{} did (rows whose parent is gone), or --resync it. MySQL 9.6 and newer log such rows",
                        plan.child));
}

}  // namespace dbsync
