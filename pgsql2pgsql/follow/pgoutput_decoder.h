// Messages of PostgreSQL's output plugin pgoutput, protocol version 1, and the
// frames of the replication protocol around them.
//
// Source: PostgreSQL manual, "Streaming Replication Protocol" and "Logical
// Replication Message Formats". All integers are big-endian, strings end in NUL,
// times are microseconds since 2000-01-01 UTC.
//
//   frame    = 'w' int64 start, int64 end, int64 time, payload
//            | 'k' int64 end, int64 time, byte reply-requested
//   payload  = 'B' int64 final_lsn, int64 commit_time, int32 xid         begin
//            | 'C' byte flags, int64 commit_lsn, int64 end_lsn, int64 commit_time
//            | 'O' int64 commit_lsn, string name                        origin
//            | 'R' int32 id, string schema ("" = pg_catalog), string name,
//                  byte identity (d, n, f, i), int16 n,
//                  n × (byte flags (1 = key), string name, int32 type, int32 typmod)
//            | 'Y' int32 id, string schema, string name                 type
//            | 'I' int32 id, 'N' tuple                                  insert
//            | 'U' int32 id, [('K' | 'O') tuple], 'N' tuple             update
//            | 'D' int32 id, ('K' | 'O') tuple                          delete
//            | 'T' int32 n, byte options (1 cascade, 2 restart identity), n × int32 id
//            | 'M' byte flags (1 transactional), int64 lsn, string prefix, int32 n, n bytes
//   tuple    = as in cdc/tuple.h
//
// Pure: bytes in, values out. What is read points into the bytes given.
// Errors: DecodeError for anything else than the above.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cdc/relation.h"

namespace dbsync {

struct PgoutputFrame {
  enum class Kind { data, keepalive };
  Kind kind = Kind::data;
  std::uint64_t end = 0;  // the source's position behind this frame
  bool reply_requested = false;
  std::string_view payload;
};

PgoutputFrame decode_frame(std::string_view bytes);

struct PgoutputMessage {
  enum class Kind { begin, commit, origin, relation, type, insert, update, remove, truncate, message };
  enum class OldRow : char { none, key, full };

  Kind kind = Kind::begin;
  std::uint64_t lsn = 0;      // begin: final LSN; commit: of the commit record
  std::uint64_t end_lsn = 0;  // commit: behind the commit record
  std::int64_t time = 0;      // begin, commit: µs since 2000-01-01
  std::uint32_t xid = 0;      // begin
  std::uint32_t id = 0;       // relation or type
  Relation relation;          // relation
  QualifiedName type_name;    // type
  OldRow old_row = OldRow::none;
  std::string_view old_tuple;  // update, remove
  std::string_view new_tuple;  // insert, update
  bool cascade = false;        // truncate
  bool restart_identity = false;
  std::vector<std::uint32_t> ids;  // truncate
};

// Fills `out`, whose memory is used again; fields that the kind has not are
// left as they were.
void decode_message(std::string_view payload, PgoutputMessage& out);

}  // namespace dbsync
