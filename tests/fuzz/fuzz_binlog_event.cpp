// Binlog events: any bytes give values or a DecodeError; what is read lies within them.
#include "base/byte_reader.h"
#include "mysql2pgsql/binlog/binlog_event.h"
#include "mysql2pgsql/binlog/payload.h"
#include "mysql2pgsql/binlog/rows_event.h"
#include "mysql2pgsql/binlog/statement.h"
#include "mysql2pgsql/binlog/table_map.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::BinlogEvent;
using dbsync::EventType;
using dbsync::fuzz::check;

void read(const BinlogEvent& event, unsigned depth) {
  std::string scratch;
  if (dbsync::is_rows_event(event.header.type)) {
    const auto rows = dbsync::read_rows_event(event, scratch);
    check(rows.before.bytes.size() == (rows.columns + 7) / 8, "a bit for each column");
    return;
  }
  switch (event.header.type) {
    case EventType::format: dbsync::read_format(event); break;
    case EventType::rotate: check(!dbsync::read_rotate(event).file.empty(), "a file has a name"); break;
    case EventType::query:
    case EventType::mariadb_query_compressed:
    case EventType::execute_load_query: {
      const auto query = dbsync::read_query(event, scratch);
      dbsync::read_statement(query.statement, query.sql_mode == 4);
      dbsync::shown_statement(query.statement);
      break;
    }
    case EventType::gtid:
    case EventType::anonymous_gtid: dbsync::read_gtid(event); break;
    case EventType::gtid_tagged: dbsync::read_gtid_tagged(event); break;
    case EventType::mariadb_gtid: dbsync::read_mariadb_gtid(event); break;
    case EventType::mariadb_gtid_list: dbsync::read_mariadb_gtid_list(event); break;
    case EventType::xa_prepare: dbsync::read_xa_prepare(event); break;
    case EventType::incident: dbsync::read_incident(event); break;
    case EventType::table_map: {
      const auto map = dbsync::read_table_map(event);
      check(map.name.table == dbsync::read_table_map_name(event).table, "the same name in both");
      break;
    }
    case EventType::transaction_payload: {
      dbsync::PayloadReader payload(event);
      for (auto bytes = payload.next(); !bytes.empty() && depth < 2; bytes = payload.next())
        read(dbsync::split_event(bytes, dbsync::BinlogChecksum::none), depth + 1);
      break;
    }
    default: break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto checksum : {dbsync::BinlogChecksum::crc32, dbsync::BinlogChecksum::none}) {
    try {
      read(dbsync::split_event(bytes, checksum), 0);
    } catch (const dbsync::Error& error) {
      check(error.kind() == dbsync::ErrorKind::source, "an error of the source");
    }
  }
  // The front is mostly right; bodies should be reached whatever the size says.
  if (size < dbsync::kEventHeaderBytes) return 0;
  BinlogEvent event;
  event.header.type = static_cast<EventType>(data[4]);
  event.body = bytes.substr(dbsync::kEventHeaderBytes);
  try {
    read(event, 0);
  } catch (const dbsync::DecodeError&) {
  }
  return 0;
}
