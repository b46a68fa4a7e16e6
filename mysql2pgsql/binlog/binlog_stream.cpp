// The loop over events, positions and rows; groups and statements are in
// binlog_groups.cpp.
#include "mysql2pgsql/binlog/binlog_stream.h"
#include "mysql2pgsql/binlog/binlog_place.h"

#include <algorithm>

#include <fmt/format.h>

namespace dbsync {

namespace {

// Large transactions are applied while they arrive, in parts of this size.
constexpr std::size_t kPartBytes = std::size_t{4} << 20;

}  // namespace

BinlogStream::BinlogStream(std::unique_ptr<EventSource> source, BinlogTables& tables, BinlogOptions options)
    : source_(std::move(source)),
      tables_(tables),
      options_(std::move(options)),
      assembler_(options_.spill),
      clock_(options_.start),
      seen_(options_.start),
      delivered_(options_.start),
      confirmed_(options_.start) {}

Position BinlogStream::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

Position BinlogStream::passed() const {
  const std::lock_guard lock(mutex_);
  const Position at = confirmed_ < delivered_ ? confirmed_ : std::max(confirmed_, seen_);
  return options_.end.known() && options_.end < at ? std::max(options_.end, options_.start) : at;
}

void BinlogStream::confirm(const Position& position) {
  if (options_.gtids) options_.gtids->settle(position);
  const std::lock_guard lock(mutex_);
  confirmed_ = std::max(confirmed_, position);
}

void BinlogStream::interrupt() {
  interrupted_ = true;
  source_->interrupt();
}

// Before the place where the group ends is told: who asks for it there must get it.
void BinlogStream::note_gtid(const Position& position) {
  if (group_ != Group::none || gtid_.text.empty()) return;
  // One that was applied before is among them, and need not be the last of its domain.
  if (options_.gtids && !applied_ && position > options_.start) options_.gtids->add(position, std::move(gtid_.text));
  gtid_.text.clear();
  applied_ = false;
}

// Nothing is open here: one may go on from this place.
void BinlogStream::border(const Position& position) {
  note_gtid(position);
  const std::lock_guard lock(mutex_);
  seen_ = std::max(seen_, position);
}

ChangeStream::Next BinlogStream::next(Transaction& out, Clock::time_point deadline) {
  constexpr unsigned kEventsBetweenLooks = 256;
  const std::uint64_t first = events_;
  try {
    for (;;) {
      if (interrupted_) return Next::timeout;
      if (step(out)) return Next::transaction;
      if (std::exchange(heard_, false)) return Next::position;
      if (at_end_) return Next::position;
      // At once: a source that has nothing more to tell says so a second later.
      if (options_.end.known() && seen_ >= options_.end) return Next::position;
      if ((events_ - first) % kEventsBetweenLooks == kEventsBetweenLooks - 1 && Clock::now() >= deadline)
        return Next::timeout;
    }
  } catch (Error& error) {
    if (interrupted_) return Next::timeout;
    throw error.context(fmt::format("at {} of the binlog", clock_.at().text())).context(source_->describe());
  }
}

bool BinlogStream::step(Transaction& out) {
  if (rows_left_) return read_rows(out);
  ++events_;
  if (payload_) {
    const std::string_view bytes = payload_->next();
    if (!bytes.empty()) return handle(split_event(bytes, BinlogChecksum::none), true, out);
    payload_.reset();
  }
  const std::string_view bytes = source_->read();
  if (bytes.empty()) {
    end_of_files();
    return false;
  }
  if (passes_unread(bytes)) return false;
  // Of the end of a transaction nothing is read.
  const bool end = event_type(bytes) == EventType::xid;
  return handle(end ? split_unchecked(bytes, checksum()) : split_event(bytes, checksum()), false, out);
}

// Most of what a busy source tells: a table as it was described before, and rows of one
// that is not followed, of which nothing is looked at but where they end.
bool BinlogStream::passes_unread(std::string_view bytes) {
  const EventType type = event_type(bytes);
  if (group_ != Group::open || (type != EventType::table_map && !is_rows_event(type))) return false;
  const BinlogEvent event = split_unchecked(bytes, checksum());
  const auto found = mapped_.find(LittleReader(event.body, "event of a table").le(6));
  if (found == mapped_.end()) return false;
  Mapped& mapped = found->second;
  if (type == EventType::table_map) {
    if (mapped.bytes != event.body) return false;
    mapped.group = groups_;
  } else if (mapped.group != groups_ || mapped.tuples || mapped.cascades) {
    return false;
  }
  clock_.pass(event.header);
  return true;
}

void BinlogStream::end_of_files() {
  if (group_ != Group::none)
    throw Error(ErrorKind::source,
                fmt::format("the files end within a transaction that begins at {}", group_start_.text()))
        .hint(
            "everything before it is applied. Copy the last file again if the copy was cut short, or add the next one; "
            "a server that died has not committed what it did not write");
  if (clock_.at() < options_.end)
    throw Error(ErrorKind::source, fmt::format("the files' last event does not end at {}", options_.end.text()))
        .hint("a file has changed meanwhile: run again");
  border(clock_.at());
  at_end_ = true;
}

bool BinlogStream::handle(const BinlogEvent& event, bool inner, Transaction& out) {
  if (!inner && event.header.type != EventType::rotate) clock_.pass(event.header);
  if (is_rows_event(event.header.type)) {
    handle_rows(event);
    return false;
  }
  switch (event.header.type) {
    case EventType::table_map: handle_table_map(event); return false;
    case EventType::query:
    case EventType::mariadb_query_compressed:
    case EventType::execute_load_query: return handle_query(event, out);
    case EventType::xid: return end_group(event.header, out);
    case EventType::gtid:
    case EventType::anonymous_gtid: handle_gtid(read_gtid(event)); return false;
    case EventType::gtid_tagged: handle_gtid(read_gtid_tagged(event)); return false;
    case EventType::mariadb_gtid:
      handle_gtid(read_mariadb_gtid(event));
      if (!gtid_.standalone) open_group(event.header);
      return false;
    case EventType::xa_prepare: return handle_xa_prepare(event, out);
    case EventType::transaction_payload: payload_ = std::make_unique<PayloadReader>(event); return false;
    case EventType::format: handle_format(event); return false;
    case EventType::rotate: handle_rotate(event); return false;
    default: handle_other(event); return false;
  }
}

void BinlogStream::handle_format(const BinlogEvent& event) {
  const FormatEvent format = read_format(event);
  abandon_group();  // the server died within it
  mapped_.clear();
  // A reader that asked for none gets none, whatever the file has.
  checksum_ = source_->checksum() == BinlogChecksum::none ? BinlogChecksum::none : format.checksum;
  if (options_.place) options_.place->set(clock_.at().file, event.header.time);
  server_version_ = format.server_version;
}

void BinlogStream::handle_rotate(const BinlogEvent& event) {
  const RotateEvent rotate = read_rotate(event);
  if (group_ == Group::open && rotate.file != clock_.at().file) abandon_group();
  clock_.enter(rotate.file, rotate.offset);
  checksum_.reset();
  if (group_ == Group::none) border(clock_.at());
  heard_ = true;
}

void BinlogStream::handle_other(const BinlogEvent& event) {
  using enum EventType;
  switch (event.header.type) {
    case heartbeat:
    case heartbeat_v2:
      heard_ = true;
      if (group_ == Group::none) border(clock_.at());
      return;
    case stop:
    case mariadb_checkpoint:
    case mariadb_annotate_rows:
    case mariadb_start_encryption:
    case mariadb_gtid_list:
    case rows_query:
    case ignorable:
    case view_change:
    case transaction_context:
    case previous_gtids:
      if (group_ == Group::none) border(clock_.at());
      return;
    // They come before the statement that needs them, which decides.
    case intvar:
    case rand:
    case user_var:
    case begin_load_query:
    case append_block: return;
    case incident:
      throw Error(ErrorKind::source,
                  fmt::format("the source has lost changes, and says so in its binlog ({})", read_incident(event)))
          .hint("the tables must be copied anew: --restart; the source's error log tells what happened to its binlog");
    default: break;
  }
  if ((event.header.flags & kEventIgnorable) != 0) return;
  throw Error(ErrorKind::source, fmt::format("this program does not know the event {} of server {}",
                                             event_name(static_cast<std::uint8_t>(event.header.type)), server_version_))
      .hint("a newer version of this program may know it; nothing is passed over that is not understood");
}

void BinlogStream::handle_table_map(const BinlogEvent& event) {
  const std::uint64_t id = LittleReader(event.body, "TABLE_MAP event").le(6);
  Mapped& mapped = mapped_[id];
  mapped.group = groups_;
  if (mapped.bytes == event.body && !mapped.bytes.empty()) return;
  mapped.bytes.clear();
  mapped.tuples.reset();
  const TableMapName name = read_table_map_name(event);
  mapped.cascades.reset();
  const auto* cascades = tables_.cascades_of(name.db, name.table);
  FollowedTable* table = tables_.find(name.db, name.table);
  if (table != nullptr && options_.wanted && !options_.wanted(table->relation->name)) table = nullptr;
  const auto charsets = [this](const std::string& charset) { return tables_.charset(charset); };
  if (cascades != nullptr)
    mapped.cascades =
        std::make_unique<CascadeRows>(*cascades, read_table_map(event), charsets, options_.wanted, assembler_);
  if (table != nullptr) {
    mapped.tuples = std::make_unique<RowTuples>(*table, read_table_map(event), charsets);
    assembler_.describe(*table->relation);
  }
  mapped.bytes = event.body;
}

void BinlogStream::handle_rows(const BinlogEvent& event) {
  const std::uint64_t id = rows_table_id(event);
  const auto found = mapped_.find(id);
  if (group_ != Group::open || found == mapped_.end() || found->second.group != groups_)
    throw Error(ErrorKind::source, "rows of a table that was not described before them").hint(kWithinTransactionHint);
  if (passing_ && !xa_) return;  // the end of an XA transaction is not here
  if (!found->second.tuples && !found->second.cascades) return;
  rows_ = read_rows_event(event, rows_scratch_);
  cascades_ = found->second.cascades.get();
  tuples_ = found->second.tuples.get();
  if (tuples_ == nullptr) return end_rows();
  const FollowedTable& table = tuples_->table();
  if (rows_.columns != table.columns.size())
    LittleReader(event.body, "rows event").fail("another number of columns than its TABLE_MAP");
  old_image_ = rows_.kind == ChangeKind::insert ? OldImage::none : tuples_->old_image(rows_.before);
  (table.transactional ? changed_transactional_ : changed_at_once_) = true;
  rows_left_.emplace(rows_.rows, "row image");
}

// Reads rows until a part of the transaction is large enough, or the event's end.
bool BinlogStream::read_rows(Transaction& out) {
  LittleReader& in = *rows_left_;
  const auto tuple = [](const CopyBuffer& buffer) { return std::string_view(buffer.bytes().data(), buffer.size()); };
  const std::uint32_t id = tuples_->table().relation->id;
  try {
    while (in.remaining() > 0) {
      old_tuple_.clear();
      new_tuple_.clear();
      if (rows_.kind == ChangeKind::insert) {
        tuples_->read(in, rows_.before, RowTuples::Role::inserted, new_tuple_);
      } else {
        const LittleReader before = in;
        tuples_->read(in, rows_.before, RowTuples::Role::before, old_tuple_);
        if (rows_.partial) tuples_->begin_changes(in, before, rows_.before);
        if (rows_.kind == ChangeKind::update) tuples_->read(in, rows_.after, RowTuples::Role::after, new_tuple_);
      }
      assembler_.change(rows_.kind, id, old_image_, tuple(old_tuple_), tuple(new_tuple_));
      if (!may_split()) continue;
      if (auto part = assembler_.take_part(kPartBytes)) {
        out = std::move(*part);
        return true;
      }
    }
  } catch (Error& error) {
    throw error.context(fmt::format("a row of {}.{}, at column {}", tuples_->table().db, tuples_->table().name,
                                    tuples_->last_column()));
  }
  end_rows();
  return false;
}

void BinlogStream::end_rows() {
  rows_left_.reset();
  if (cascades_ == nullptr) return;
  const bool accepted = options_.schema_known.known() && clock_.at() <= options_.schema_known;
  std::exchange(cascades_, nullptr)->add(rows_, !passing_ && !accepted);
}

}  // namespace dbsync
