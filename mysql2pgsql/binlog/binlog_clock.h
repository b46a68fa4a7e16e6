// Where the reader of a binlog is: file and offset, counted beyond 4 GiB, and the
// identity of the file.
//
// Events tell the low 32 bits of where they end. Pure. Threads: one.
#pragma once

#include <algorithm>
#include <charconv>

#include "cdc/position.h"
#include "mysql2pgsql/binlog/binlog_event.h"

namespace dbsync {

class BinlogClock {
 public:
  explicit BinlogClock(Position start) : at_(std::move(start)) {}

  const Position& at() const { return at_; }

  void enter(std::string_view file, std::uint64_t offset) {
    if (file != at_.file) at_ = parse_position(std::string(file) + ":4");
    at_.low = offset;
  }

  void pass(const EventHeader& header) {
    if (header.next == 0 || (header.flags & kEventArtificial) != 0) return;
    const std::uint64_t ends = (at_.low & ~std::uint64_t{UINT32_MAX}) | header.next;
    // What a server sends of the file's beginning to who begins within.
    const bool of_beginning = header.type == EventType::format || header.type == EventType::mariadb_gtid_list ||
                              header.type == EventType::mariadb_start_encryption ||
                              header.type == EventType::previous_gtids || header.type == EventType::mariadb_checkpoint;
    // Where the last event has ended: one that is in no file.
    const bool heartbeat = header.type == EventType::heartbeat || header.type == EventType::heartbeat_v2;
    if (of_beginning || heartbeat) {
      at_.low = std::max(at_.low, ends);
      return;
    }
    at_.low = ends < at_.low + header.size ? ends + kWrap : ends;
  }

 private:
  static constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;

  Position at_;
};

}  // namespace dbsync
