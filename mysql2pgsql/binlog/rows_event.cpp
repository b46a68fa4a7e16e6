#include "mysql2pgsql/binlog/rows_event.h"

#include "base/error.h"
#include "mysql2pgsql/binlog/compressed.h"
#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync {

namespace {

struct RowsForm {
  ChangeKind kind = ChangeKind::insert;
  bool extra = false;  // version 2
  bool compressed = false;
};

RowsForm form_of(EventType type) {
  using enum EventType;
  switch (type) {
    case write_rows_v1: return {ChangeKind::insert, false, false};
    case update_rows_v1: return {ChangeKind::update, false, false};
    case delete_rows_v1: return {ChangeKind::remove, false, false};
    case write_rows: return {ChangeKind::insert, true, false};
    case update_rows: return {ChangeKind::update, true, false};
    case delete_rows: return {ChangeKind::remove, true, false};
    case partial_update_rows: return {ChangeKind::update, true, false};
    case mariadb_write_rows_compressed_v1: return {ChangeKind::insert, false, true};
    case mariadb_update_rows_compressed_v1: return {ChangeKind::update, false, true};
    case mariadb_delete_rows_compressed_v1: return {ChangeKind::remove, false, true};
    case mariadb_write_rows_compressed: return {ChangeKind::insert, true, true};
    case mariadb_update_rows_compressed: return {ChangeKind::update, true, true};
    case mariadb_delete_rows_compressed: return {ChangeKind::remove, true, true};
    default: throw Error(ErrorKind::internal, "a rows event was expected");
  }
}

ColumnSet read_set(LittleReader& in, std::uint64_t columns) { return {in.bytes((columns + 7) / 8)}; }

}  // namespace

bool is_rows_event(EventType type) {
  const auto number = static_cast<unsigned>(type);
  return (number >= 23 && number <= 25) || (number >= 30 && number <= 32) || (number >= 166 && number <= 171) ||
         type == EventType::partial_update_rows;
}

std::uint64_t rows_table_id(const BinlogEvent& event) { return LittleReader(event.body, "rows event").le(6); }

RowsEvent read_rows_event(const BinlogEvent& event, std::string& scratch) {
  const RowsForm form = form_of(event.header.type);
  LittleReader in(event.body, "rows event");
  RowsEvent out;
  out.kind = form.kind;
  out.partial = event.header.type == EventType::partial_update_rows;
  out.table_id = in.le(6);
  out.flags = in.u16();
  if (form.extra) {
    const std::uint16_t length = in.u16();
    if (length < 2) in.fail("an impossible length of extra data");
    in.bytes(length - 2U);
  }
  out.columns = in.lenenc();
  if (out.columns > UINT16_MAX) in.fail("an impossible number of columns");
  out.before = read_set(in, out.columns);
  if (form.kind == ChangeKind::update) out.after = read_set(in, out.columns);
  out.rows = in.rest();
  if (form.compressed) {
    inflate_event(out.rows, "compressed rows event", scratch);
    out.rows = scratch;
  }
  return out;
}

}  // namespace dbsync
