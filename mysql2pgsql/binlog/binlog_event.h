// Events of the binary log: their frame, and the events that are no rows.
//
//   event   = u32 time, u8 type, u32 server id, u32 size, u32 next, u16 flags, body, [u32 CRC32]
//   FORMAT  = u16 4, 50 bytes server version, u32 created, u8 19, n × u8 length of the
//             post-header, u8 checksum algorithm (0 none, 1 CRC32)
//   ROTATE  = u64 offset, file
//   QUERY   = u32 thread, u32 seconds, u8 n, u16 error, u16 m, m bytes of status, n bytes
//             database, NUL, statement
//   GTID    = u8 flags, 16 bytes UUID, i64 number, [u8 2, i64 last committed, i64 sequence,
//             7 bytes µs (bit 55: 7 more), lenenc length of the transaction]
//   MariaDB's GTID = u64 number, u32 domain, u8 flags, [u64 commit id], [XID], [u8 more flags]
//   XID     = u64;  XA_PREPARE = u8 one phase, u32 format, u32 n, u32 m, n + m bytes
//   INCIDENT = u16 number, u8 n, n bytes
// All little-endian. `next`: where the event ends in its file, modulo 4 GiB; 0 when it is in none.
//
// Source: MySQL source, libs/mysql/binlog/event; MariaDB Knowledge Base, "Replication
// Protocol". Pure; what is read points into the bytes given. Errors: DecodeError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dbsync {

enum class EventType : std::uint8_t {
  start_v3 = 1,
  query = 2,
  stop = 3,
  rotate = 4,
  intvar = 5,
  load = 6,
  slave = 7,
  create_file = 8,
  append_block = 9,
  exec_load = 10,
  delete_file = 11,
  new_load = 12,
  rand = 13,
  user_var = 14,
  format = 15,
  xid = 16,
  begin_load_query = 17,
  execute_load_query = 18,
  table_map = 19,
  write_rows_v1 = 23,
  update_rows_v1 = 24,
  delete_rows_v1 = 25,
  incident = 26,
  heartbeat = 27,
  ignorable = 28,
  rows_query = 29,
  write_rows = 30,
  update_rows = 31,
  delete_rows = 32,
  gtid = 33,
  anonymous_gtid = 34,
  previous_gtids = 35,
  transaction_context = 36,
  view_change = 37,
  xa_prepare = 38,
  partial_update_rows = 39,
  transaction_payload = 40,
  heartbeat_v2 = 41,
  gtid_tagged = 42,
  mariadb_annotate_rows = 160,
  mariadb_checkpoint = 161,
  mariadb_gtid = 162,
  mariadb_gtid_list = 163,
  mariadb_start_encryption = 164,
  mariadb_query_compressed = 165,
  mariadb_write_rows_compressed_v1 = 166,
  mariadb_update_rows_compressed_v1 = 167,
  mariadb_delete_rows_compressed_v1 = 168,
  mariadb_write_rows_compressed = 169,
  mariadb_update_rows_compressed = 170,
  mariadb_delete_rows_compressed = 171,
};

// "WRITE_ROWS", or "type 99".
std::string event_name(std::uint8_t type);
// Before it is split; 0 when that is too short to tell.
EventType event_type(std::string_view bytes);

inline constexpr std::uint16_t kEventInUse = 0x01;
inline constexpr std::uint16_t kEventArtificial = 0x20;
inline constexpr std::uint16_t kEventIgnorable = 0x80;
inline constexpr std::size_t kEventHeaderBytes = 19;

struct EventHeader {
  std::uint32_t time = 0;  // seconds since 1970
  EventType type{};
  std::uint32_t server_id = 0;
  std::uint32_t size = 0;  // with the checksum
  std::uint32_t next = 0;
  std::uint16_t flags = 0;
};

struct BinlogEvent {
  EventHeader header;
  std::string_view body;
};

enum class BinlogChecksum : std::uint8_t { none = 0, crc32 = 1 };

// Takes an event apart. Its CRC32 is compared where events have one; artificial events
// may come without it. A FORMAT event tells by itself.
BinlogEvent split_event(std::string_view bytes, BinlogChecksum checksum);
// Without a look at the checksum; not for events that are made for a connection alone.
BinlogEvent split_unchecked(std::string_view bytes, BinlogChecksum checksum);

struct FormatEvent {
  std::string_view server_version;
  std::uint32_t created = 0;
  BinlogChecksum checksum = BinlogChecksum::none;
};
FormatEvent read_format(const BinlogEvent& event);

struct RotateEvent {
  std::uint64_t offset = 0;
  std::string_view file;
};
RotateEvent read_rotate(const BinlogEvent& event);

struct QueryEvent {
  std::uint16_t error = 0;
  std::string_view db;
  std::string_view statement;  // in the character set of the client that sent it
  std::uint64_t sql_mode = 0;
  std::uint16_t client_charset = 0;  // number of a collation; 0 = not told
  std::uint32_t microseconds = 0;    // of the time in the header
  std::string_view updated_dbs;      // names, each with a NUL behind it; "" = not told
};
// `scratch` holds the statement of a compressed event.
QueryEvent read_query(const BinlogEvent& event, std::string& scratch);

// Of MySQL and MariaDB.
struct GtidEvent {
  std::string text;                // as the server writes it; "" = anonymous
  std::int64_t commit_micros = 0;  // since 1970; 0 = not told
  bool standalone = false;         // MariaDB: one event, without an end of its own
  bool transactional = true;       // MariaDB: what it does can be rolled back
  bool xa_prepared = false, xa_completed = false;
  bool start_alter = false, commit_alter = false, rollback_alter = false;
};
GtidEvent read_gtid(const BinlogEvent& event);
GtidEvent read_gtid_tagged(const BinlogEvent& event);
GtidEvent read_mariadb_gtid(const BinlogEvent& event);
std::string read_mariadb_gtid_list(const BinlogEvent& event);  // a set, of all before the file

struct XaPrepareEvent {
  bool one_phase = false;
  std::string xid;  // X'67',X'62',1 as the server writes it in XA statements
};
XaPrepareEvent read_xa_prepare(const BinlogEvent& event);

// What INCIDENT says, for the message.
std::string read_incident(const BinlogEvent& event);

}  // namespace dbsync
