#include "mysql2pgsql/binlog/binlog_event.h"

#include <zlib.h>

#include <array>
#include <utility>

#include "base/hex.h"
#include "mysql2pgsql/binlog/compressed.h"
#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync {

namespace {

constexpr std::size_t kChecksumBytes = 4;

constexpr std::array<std::pair<EventType, std::string_view>, 40> kNames{{
    {EventType::query, "QUERY"},
    {EventType::stop, "STOP"},
    {EventType::rotate, "ROTATE"},
    {EventType::intvar, "INTVAR"},
    {EventType::load, "LOAD"},
    {EventType::create_file, "CREATE_FILE"},
    {EventType::append_block, "APPEND_BLOCK"},
    {EventType::exec_load, "EXEC_LOAD"},
    {EventType::delete_file, "DELETE_FILE"},
    {EventType::rand, "RAND"},
    {EventType::user_var, "USER_VAR"},
    {EventType::format, "FORMAT_DESCRIPTION"},
    {EventType::xid, "XID"},
    {EventType::begin_load_query, "BEGIN_LOAD_QUERY"},
    {EventType::execute_load_query, "EXECUTE_LOAD_QUERY"},
    {EventType::table_map, "TABLE_MAP"},
    {EventType::write_rows_v1, "WRITE_ROWS_V1"},
    {EventType::update_rows_v1, "UPDATE_ROWS_V1"},
    {EventType::delete_rows_v1, "DELETE_ROWS_V1"},
    {EventType::incident, "INCIDENT"},
    {EventType::heartbeat, "HEARTBEAT"},
    {EventType::rows_query, "ROWS_QUERY"},
    {EventType::write_rows, "WRITE_ROWS"},
    {EventType::update_rows, "UPDATE_ROWS"},
    {EventType::delete_rows, "DELETE_ROWS"},
    {EventType::gtid, "GTID"},
    {EventType::anonymous_gtid, "ANONYMOUS_GTID"},
    {EventType::previous_gtids, "PREVIOUS_GTIDS"},
    {EventType::xa_prepare, "XA_PREPARE"},
    {EventType::partial_update_rows, "PARTIAL_UPDATE_ROWS"},
    {EventType::transaction_payload, "TRANSACTION_PAYLOAD"},
    {EventType::heartbeat_v2, "HEARTBEAT_V2"},
    {EventType::gtid_tagged, "GTID_TAGGED"},
    {EventType::mariadb_gtid, "GTID (MariaDB)"},
    {EventType::mariadb_gtid_list, "GTID_LIST"},
    {EventType::mariadb_query_compressed, "QUERY_COMPRESSED"},
    {EventType::mariadb_write_rows_compressed_v1, "WRITE_ROWS_COMPRESSED_V1"},
    {EventType::mariadb_update_rows_compressed_v1, "UPDATE_ROWS_COMPRESSED_V1"},
    {EventType::mariadb_delete_rows_compressed_v1, "DELETE_ROWS_COMPRESSED_V1"},
    {EventType::mariadb_checkpoint, "BINLOG_CHECKPOINT"},
}};

bool checksum_fits(std::string_view bytes) {
  if (bytes.size() < kEventHeaderBytes + kChecksumBytes) return false;
  const std::size_t length = bytes.size() - kChecksumBytes;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(length));
  return LittleReader(bytes.substr(length), "checksum").u32() == sum;
}

std::string uuid_text(std::string_view bytes) {
  std::string out = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, "-");
  return out;
}

// One variable of QUERY's status; false at the first that is not known.
bool read_status(LittleReader& in, QueryEvent& out) {
  switch (in.u8()) {
    case 0: in.bytes(4); return true;  // flags
    case 1: out.sql_mode = in.u64(); return true;
    case 2:
      in.bytes(in.u8());
      in.bytes(1);
      return true;                     // catalog with NUL
    case 3: in.bytes(4); return true;  // auto_increment
    case 4:
      out.client_charset = in.u16();
      in.bytes(4);
      return true;
    case 5:                                  // time zone
    case 6: in.bytes(in.u8()); return true;  // catalog
    case 7:                                  // lc_time_names
    case 8: in.bytes(2); return true;        // charset of the database
    case 9: in.bytes(8); return true;        // tables of a multi-table update
    case 10: in.bytes(4); return true;
    case 11:
      in.bytes(in.u8());
      in.bytes(in.u8());
      return true;  // invoker
    case 12: {
      const std::uint8_t count = in.u8();
      constexpr std::uint8_t kTooMany = 254;
      if (count == kTooMany) return true;
      const LittleReader first = in;
      std::size_t length = 0;
      for (std::uint8_t i = 0; i < count; ++i) do
          ++length;
        while (in.u8() != 0);
      LittleReader names = first;
      out.updated_dbs = names.bytes(length);
      return true;
    }
    case 13:                                                                         // MySQL's microseconds
    case 128: out.microseconds = static_cast<std::uint32_t>(in.le(3)); return true;  // MariaDB's
    case 16: in.bytes(1); return true;                                               // explicit_defaults_for_timestamp
    case 17: in.bytes(8); return true;                                               // XID of DDL
    case 18: in.bytes(2); return true;                                               // default collation of utf8mb4
    case 19:                                                                         // sql_require_primary_key
    case 20: in.bytes(1); return true;                                               // default_table_encryption
    case 129: in.bytes(8); return true;                                              // MariaDB's XID of DDL
    default: return false;
  }
}

std::string xid_text(std::string_view gtrid, std::string_view bqual, std::uint32_t format) {
  return fmt::format("X'{}',X'{}',{}", to_hex(gtrid), to_hex(bqual), format);
}

// MySQL's self-describing integers: as many low bits are set in the first byte as
// bytes follow it.
std::uint64_t tagged_number(LittleReader& in) {
  const std::uint8_t first = in.u8();
  std::size_t more = 0;
  while (more < 8 && (first >> more & 1) != 0) ++more;
  if (more == 8) return in.u64();
  std::uint64_t value = first >> (more + 1);
  if (more > 0) value |= in.le(more) << (7 - more);
  return value;
}

std::int64_t tagged_signed(LittleReader& in) {
  const std::uint64_t raw = tagged_number(in);
  return static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
}

}  // namespace

std::string event_name(std::uint8_t type) {
  for (const auto& [known, name] : kNames)
    if (static_cast<std::uint8_t>(known) == type) return std::string(name);
  return fmt::format("type {}", type);
}

namespace {

BinlogEvent split_header(std::string_view bytes) {
  LittleReader in(bytes, "binlog event");
  BinlogEvent event;
  EventHeader& header = event.header;
  header.time = in.u32();
  header.type = static_cast<EventType>(in.u8());
  header.server_id = in.u32();
  header.size = in.u32();
  header.next = in.u32();
  header.flags = in.u16();
  if (header.size != bytes.size())
    in.fail(fmt::format("an event of {} bytes comes with {}", header.size, bytes.size()));
  event.body = in.rest();
  return event;
}

}  // namespace

EventType event_type(std::string_view bytes) {
  constexpr std::size_t kOffset = 4;
  return static_cast<EventType>(bytes.size() > kOffset ? static_cast<unsigned char>(bytes[kOffset]) : 0);
}

BinlogEvent split_unchecked(std::string_view bytes, BinlogChecksum checksum) {
  BinlogEvent event = split_header(bytes);
  if (checksum == BinlogChecksum::crc32 && event.body.size() >= kChecksumBytes)
    event.body.remove_suffix(kChecksumBytes);
  return event;
}

BinlogEvent split_event(std::string_view bytes, BinlogChecksum checksum) {
  BinlogEvent event = split_header(bytes);
  const EventHeader& header = event.header;
  if (header.type == EventType::format) return event;  // its checksum is its own affair
  if (checksum == BinlogChecksum::none) return event;
  if (checksum_fits(bytes)) {
    event.body.remove_suffix(kChecksumBytes);
    return event;
  }
  // Made for this connection alone: servers differ in whether these have one.
  const bool made_up = header.next == 0 || (header.flags & kEventArtificial) != 0 ||
                       header.type == EventType::heartbeat || header.type == EventType::heartbeat_v2;
  if (!made_up)
    LittleReader(bytes, "binlog event")
        .fail(fmt::format("the checksum of a {} event does not fit", event_name(bytes[4] & 0xFF)));
  return event;
}

FormatEvent read_format(const BinlogEvent& event) {
  LittleReader in(event.body, "FORMAT_DESCRIPTION event");
  FormatEvent out;
  if (in.u16() != 4) in.fail("an unknown version of the binlog");
  const std::string_view version = in.bytes(50);
  out.server_version = version.substr(0, version.find('\0'));
  out.created = in.u32();
  if (in.u8() != kEventHeaderBytes) in.fail("an unknown size of event headers");
  const std::string_view lengths = in.rest();
  // Algorithm and checksum are behind the lengths, from MySQL 5.6.1 and MariaDB 5.3 on.
  constexpr std::size_t kTypesOfMysql55 = 27;
  if (lengths.size() < kTypesOfMysql55) in.fail("too few types of events");
  if (lengths.size() <= kTypesOfMysql55 + 1 + kChecksumBytes) return out;
  const auto algorithm = static_cast<unsigned char>(lengths[lengths.size() - 1 - kChecksumBytes]);
  if (algorithm > 1) in.fail(fmt::format("an unknown checksum algorithm {}", algorithm));
  out.checksum = static_cast<BinlogChecksum>(algorithm);
  return out;
}

RotateEvent read_rotate(const BinlogEvent& event) {
  LittleReader in(event.body, "ROTATE event");
  RotateEvent out;
  out.offset = in.u64();
  out.file = in.rest();
  if (out.file.empty()) in.fail("no name of a file");
  return out;
}

QueryEvent read_query(const BinlogEvent& event, std::string& scratch) {
  LittleReader in(event.body, "QUERY event");
  QueryEvent out;
  in.bytes(8);  // thread and seconds
  const std::uint8_t db_length = in.u8();
  out.error = in.u16();
  const std::uint16_t status_length = in.u16();
  if (event.header.type == EventType::execute_load_query) in.bytes(13);  // its file
  LittleReader status(in.bytes(status_length), "status of a QUERY event");
  while (status.remaining() > 0 && read_status(status, out)) {
  }
  out.db = in.name(db_length, "database");
  out.statement = in.rest();
  if (event.header.type == EventType::mariadb_query_compressed) {
    inflate_event(out.statement, "compressed QUERY event", scratch);
    out.statement = scratch;
  }
  return out;
}

GtidEvent read_gtid(const BinlogEvent& event) {
  LittleReader in(event.body, "GTID event");
  GtidEvent out;
  in.u8();  // flags
  const std::string_view uuid = in.bytes(16);
  const std::uint64_t number = in.u64();
  if (event.header.type == EventType::gtid) out.text = fmt::format("{}:{}", uuid_text(uuid), number);
  if (in.remaining() == 0) return out;  // MySQL 5.6
  if (in.u8() != 2) return out;
  in.bytes(16);                         // last committed, sequence number
  if (in.remaining() == 0) return out;  // MySQL 5.7
  constexpr std::uint64_t kOriginalFollows = std::uint64_t{1} << 55;
  const std::uint64_t micros = in.le(7);
  out.commit_micros = static_cast<std::int64_t>(micros & ~kOriginalFollows);
  if ((micros & kOriginalFollows) != 0) in.le(7);
  in.lenenc();  // length of the transaction
  return out;
}

GtidEvent read_gtid_tagged(const BinlogEvent& event) {
  LittleReader in(event.body, "tagged GTID event");
  GtidEvent out;
  if (tagged_number(in) != 1) in.fail("an unknown version of the event");
  if (tagged_number(in) != event.body.size()) in.fail("another length than the event's");
  tagged_number(in);  // the last field that must be understood
  std::string uuid;
  std::string tag;
  std::int64_t number = 0;
  while (in.remaining() > 0) {
    switch (tagged_number(in)) {
      case 0: tagged_number(in); break;  // flags
      case 1:
        for (int i = 0; i < 16; ++i) uuid += static_cast<char>(tagged_number(in));
        break;
      case 2: number = tagged_signed(in); break;
      case 3: tag = in.bytes(tagged_number(in)); break;
      case 4:
      case 5: tagged_signed(in); break;  // last committed, sequence number
      case 6: out.commit_micros = static_cast<std::int64_t>(tagged_number(in)); break;
      case 7:
      case 8:
      case 9:
      case 10:
      case 11: tagged_number(in); break;  // times, lengths and versions
      default: in.fail("an unknown field");
    }
  }
  if (uuid.size() != 16) in.fail("no UUID");
  out.text = fmt::format("{}:{}{}{}", uuid_text(uuid), tag, tag.empty() ? "" : ":", number);
  return out;
}

GtidEvent read_mariadb_gtid(const BinlogEvent& event) {
  LittleReader in(event.body, "GTID event of MariaDB");
  GtidEvent out;
  const std::uint64_t number = in.u64();
  const std::uint32_t domain = in.u32();
  const std::uint8_t flags = in.u8();
  out.text = fmt::format("{}-{}-{}", domain, event.header.server_id, number);
  out.standalone = (flags & 0x01) != 0;
  out.transactional = (flags & 0x04) != 0;
  out.xa_prepared = (flags & 0x40) != 0;
  out.xa_completed = (flags & 0x80) != 0;
  if ((flags & 0x02) != 0) in.bytes(8);  // id of the group commit
  if (out.xa_prepared || out.xa_completed) {
    in.bytes(4);
    const std::size_t gtrid = in.u8();
    const std::size_t bqual = in.u8();
    in.bytes(gtrid + bqual);
  }
  if (in.remaining() == 0) return out;
  const std::uint8_t more = in.u8();
  out.start_alter = (more & 0x02) != 0;
  out.commit_alter = (more & 0x04) != 0;
  out.rollback_alter = (more & 0x08) != 0;
  return out;
}

// u32 (4 bits flags, 28 bits n), n × (u32 domain, u32 server, u64 number): of each domain and
// server the last one, the domain's own last one behind the others.
std::string read_mariadb_gtid_list(const BinlogEvent& event) {
  LittleReader in(event.body, "GTID_LIST event of MariaDB");
  std::string out;
  for (std::uint32_t left = in.u32() & 0x0FFFFFFF; left > 0; --left) {
    const std::uint32_t domain = in.u32();
    const std::uint32_t server = in.u32();
    out += fmt::format("{}{}-{}-{}", out.empty() ? "" : ",", domain, server, in.u64());
  }
  return out;
}

XaPrepareEvent read_xa_prepare(const BinlogEvent& event) {
  LittleReader in(event.body, "XA_PREPARE event");
  XaPrepareEvent out;
  out.one_phase = in.u8() != 0;
  const std::uint32_t format = in.u32();
  const std::uint32_t gtrid = in.u32();
  const std::uint32_t bqual = in.u32();
  const std::string_view first = in.bytes(gtrid);
  out.xid = xid_text(first, in.bytes(bqual), format);
  return out;
}

std::string read_incident(const BinlogEvent& event) {
  LittleReader in(event.body, "INCIDENT event");
  const std::uint16_t number = in.u16();
  return fmt::format("incident {}: {}", number, in.bytes(in.u8()));
}

}  // namespace dbsync
