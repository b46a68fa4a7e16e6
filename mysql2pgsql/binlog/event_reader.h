// Takes the events of a source apart, with the checksums that each of its files has, for who
// passes over rows: whether these are intact is found when they are read.
//
// Threads: one. Errors: of the source; DecodeError.
#pragma once

#include <optional>

#include "mysql2pgsql/binlog/event_source.h"
#include "mysql2pgsql/binlog/rows_event.h"

namespace dbsync {

class EventReader {
 public:
  explicit EventReader(EventSource& source) : source_(source) {}

  // Nothing at the end of files, and when a server has nothing to tell. Valid until the next call.
  std::optional<BinlogEvent> next() {
    const std::string_view bytes = source_.read();
    if (bytes.empty()) return std::nullopt;
    const BinlogChecksum expected = told_ ? checksum_ : source_.checksum();
    const EventType type = event_type(bytes);
    const bool passed = is_rows_event(type) || type == EventType::table_map || type == EventType::xid;
    const BinlogEvent event = passed ? split_unchecked(bytes, expected) : split_event(bytes, expected);
    switch (event.header.type) {
      case EventType::heartbeat:
      case EventType::heartbeat_v2: return std::nullopt;
      case EventType::rotate: told_ = false; break;
      case EventType::format:
        // A reader that asked for none gets none, whatever the file has.
        checksum_ = source_.checksum() == BinlogChecksum::none ? BinlogChecksum::none : read_format(event).checksum;
        told_ = true;
        break;
      default: break;
    }
    return event;
  }

 private:
  EventSource& source_;
  BinlogChecksum checksum_ = BinlogChecksum::none;
  bool told_ = false;
};

}  // namespace dbsync
