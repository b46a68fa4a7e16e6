// MySQL's TRANSACTION_PAYLOAD: the events of a transaction, compressed.
//
//   event = fields { lenenc kind, lenenc n, n bytes } and lenenc 0, then the payload;
//           kinds: 1 size of the payload, 2 compression (0 zstd, 255 none), 3 size without it
//
// The payload is inflated piece by piece: one event is held at a time.
//
// Source: MySQL source, libs/mysql/binlog/event/control_events.h (Transaction_payload_event).
// Points into the event's bytes until it is read to its end. Errors: DecodeError.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mysql2pgsql/binlog/binlog_event.h"

namespace dbsync {

class PayloadReader {
 public:
  explicit PayloadReader(const BinlogEvent& event);
  ~PayloadReader();
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;

  // The next event, whole and without checksum; empty behind the last one. Valid until the
  // next call.
  std::string_view next();

 private:
  struct Stream;

  void fill(std::size_t wanted);

  std::string_view packed_;
  std::unique_ptr<Stream> stream_;  // null: not compressed
  std::string plain_;               // what is inflated and not read
  std::size_t used_ = 0;            // of plain_
  std::uint64_t left_ = 0;          // to be inflated
};

}  // namespace dbsync
