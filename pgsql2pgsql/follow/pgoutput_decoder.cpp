#include "pgsql2pgsql/follow/pgoutput_decoder.h"

#include <fmt/format.h>

#include "base/byte_reader.h"
#include "cdc/tuple.h"

namespace dbsync {

namespace {

using Kind = PgoutputMessage::Kind;

constexpr std::uint8_t kKeyFlag = 1;
constexpr std::uint8_t kCascade = 1;
constexpr std::uint8_t kRestartIdentity = 2;

void read_begin(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::begin;
  out.lsn = in.u64();
  out.time = in.i64();
  out.xid = in.u32();
}

void read_commit(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::commit;
  if (in.u8() != 0) in.fail("unknown flags of a commit");
  out.lsn = in.u64();
  out.end_lsn = in.u64();
  out.time = in.i64();
}

QualifiedName read_name(ByteReader& in) {
  const std::string_view schema = in.c_string();
  return {std::string(schema.empty() ? "pg_catalog" : schema), std::string(in.c_string())};
}

ReplicaIdentity read_identity(ByteReader& in) {
  switch (const std::uint8_t byte = in.u8()) {
    case 'd':
    case 'n':
    case 'f':
    case 'i': return static_cast<ReplicaIdentity>(byte);
    default: in.fail("unknown replica identity");
  }
}

void read_relation(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::relation;
  Relation& relation = out.relation;
  relation.id = out.id = in.u32();
  relation.name = read_name(in);
  relation.identity = read_identity(in);
  const std::int16_t columns = in.i16();
  if (columns < 0) in.fail("negative number of columns");
  relation.columns.clear();
  for (std::int16_t i = 0; i < columns; ++i) {
    RelationColumn column;
    column.key = (in.u8() & kKeyFlag) != 0;
    column.name = in.c_string();
    column.type_oid = in.u32();
    column.typmod = in.i32();
    relation.columns.push_back(std::move(column));
  }
}

void read_type(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::type;
  out.id = in.u32();
  out.type_name = read_name(in);
}

void expect_new(ByteReader& in) {
  if (in.u8() != 'N') in.fail("the new row is missing");
}

void read_insert(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::insert;
  out.id = in.u32();
  out.old_row = PgoutputMessage::OldRow::none;
  out.old_tuple = {};
  expect_new(in);
  out.new_tuple = take_tuple(in);
}

// 'K' or 'O' and its tuple; `mark` is the byte already read.
void read_old_row(ByteReader& in, std::uint8_t mark, PgoutputMessage& out) {
  if (mark != 'K' && mark != 'O') in.fail("neither an old row nor a key");
  out.old_row = mark == 'K' ? PgoutputMessage::OldRow::key : PgoutputMessage::OldRow::full;
  out.old_tuple = take_tuple(in);
}

void read_update(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::update;
  out.id = in.u32();
  out.old_row = PgoutputMessage::OldRow::none;
  out.old_tuple = {};
  if (const std::uint8_t mark = in.u8(); mark != 'N') {
    read_old_row(in, mark, out);
    expect_new(in);
  }
  out.new_tuple = take_tuple(in);
}

void read_delete(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::remove;
  out.id = in.u32();
  out.new_tuple = {};
  read_old_row(in, in.u8(), out);
}

void read_truncate(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::truncate;
  const std::uint32_t n = in.u32();
  const std::uint8_t options = in.u8();
  out.cascade = (options & kCascade) != 0;
  out.restart_identity = (options & kRestartIdentity) != 0;
  if (n > in.remaining() / sizeof(std::uint32_t)) in.fail("more tables than bytes");
  out.ids.clear();
  for (std::uint32_t i = 0; i < n; ++i) out.ids.push_back(in.u32());
}

void read_logical_message(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::message;
  if (in.u8() > 1) in.fail("unknown flags of a logical message");
  out.lsn = in.u64();
  in.c_string();
  in.bytes(in.u32());
}

void read_origin(ByteReader& in, PgoutputMessage& out) {
  out.kind = Kind::origin;
  out.lsn = in.u64();
  in.c_string();
}

}  // namespace

PgoutputFrame decode_frame(std::string_view bytes) {
  ByteReader in(bytes, "frame of the replication protocol");
  PgoutputFrame frame;
  switch (in.u8()) {
    case 'w':
      frame.kind = PgoutputFrame::Kind::data;
      in.u64();
      frame.end = in.u64();
      in.i64();
      frame.payload = in.rest();
      return frame;
    case 'k':
      frame.kind = PgoutputFrame::Kind::keepalive;
      frame.end = in.u64();
      in.i64();
      frame.reply_requested = in.u8() != 0;
      in.expect_end();
      return frame;
    default: in.fail("unknown frame");
  }
}

void decode_message(std::string_view payload, PgoutputMessage& out) {
  ByteReader in(payload, "pgoutput message");
  switch (in.u8()) {
    case 'B': read_begin(in, out); break;
    case 'C': read_commit(in, out); break;
    case 'O': read_origin(in, out); break;
    case 'R': read_relation(in, out); break;
    case 'Y': read_type(in, out); break;
    case 'I': read_insert(in, out); break;
    case 'U': read_update(in, out); break;
    case 'D': read_delete(in, out); break;
    case 'T': read_truncate(in, out); break;
    case 'M': read_logical_message(in, out); break;
    default: in.fail("unknown message");
  }
  in.expect_end();
}

}  // namespace dbsync
