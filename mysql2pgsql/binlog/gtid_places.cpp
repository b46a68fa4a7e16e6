#include "mysql2pgsql/binlog/gtid_places.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "follow/task_life.h"
#include "mysql2pgsql/binlog/binlog_clock.h"
#include "mysql2pgsql/binlog/event_reader.h"

namespace dbsync {

namespace {

std::string value(MysqlConnection& connection, const std::string& sql) {
  const auto rows = connection.query(sql);
  return rows.empty() || rows[0].empty() ? std::string() : rows[0][0].value_or("");
}

bool has_gtids(MysqlConnection& connection) {
  const auto mode = connection.query("SHOW GLOBAL VARIABLES LIKE 'gtid_mode'");
  return !mode.empty() && mode[0].size() > 1 && mode[0][1] == "ON";
}

// What was in the binlog before this file, of MySQL.
std::string before_file(MysqlConnection& connection, const std::string& file) {
  constexpr std::size_t kType = 2, kInfo = 5;
  for (const auto& row :
       connection.query(fmt::format("SHOW BINLOG EVENTS IN {} LIMIT 2", MysqlConnection::literal(file))))
    if (row.size() > kInfo && row[kType] == "Previous_gtids") return row[kInfo].value_or("");
  throw Error(ErrorKind::source, fmt::format("the binlog file {} does not tell the GTIDs before it", file));
}

// Reads groups up to `end`, or up to the first one that `pass` refuses; returns where that is.
Position walk(EventSource& source, const Position& start, const Position& end,
              const std::function<bool(const std::string& gtid)>& pass) {
  BinlogClock clock(start);
  EventReader reader(source);
  while (clock.at() < end) {
    const auto event = reader.next();
    if (!event) break;
    const EventType type = event->header.type;
    if (type == EventType::rotate) {
      const RotateEvent rotate = read_rotate(*event);
      clock.enter(rotate.file, rotate.offset);
      continue;
    }
    Position begins = clock.at();
    clock.pass(event->header);
    if (type == EventType::gtid && !pass(read_gtid(*event).text)) return begins;
    if (type == EventType::gtid_tagged && !pass(read_gtid_tagged(*event).text)) return begins;
  }
  return clock.at();
}

Error lacks(const std::string& gtids) {
  return Error(ErrorKind::source,
               fmt::format("the source is another server than before, and lacks transactions that the target has: {}",
                           gtids))
      .hint(
          std::string("wait until it has them, if it is a replica that is behind (one without log_slave_updates never "
                      "will), or connect to a server that has them; else ") +
          kBeginAnew);
}

Error deleted(const std::string& gtids) {
  return Error(
             ErrorKind::source,
             fmt::format("the source is another server than before, and has deleted transactions from its binlog that "
                         "the target does not have: {}",
                         gtids))
      .hint(kBeginAnew);
}

Position place_in_mysql(const GtidServer& server, const GtidSet& applied) {
  MysqlConnection& connection = server.connection;
  if (!has_gtids(connection))
    throw Error(ErrorKind::source, "the source is another server than before, and has no GTIDs (gtid_mode)")
        .hint(kBeginAnew);
  const std::string ours = MysqlConnection::literal(applied.text());
  if (const std::string missing =
          value(connection, fmt::format("SELECT GTID_SUBTRACT({}, @@GLOBAL.gtid_executed)", ours));
      !missing.empty())
    throw lacks(missing);
  const Position end = server.home.end();
  const auto files = server.home.files();
  std::string before;
  for (std::size_t i = files.size(); i-- > 0;) {
    before = before_file(connection, files[i].file);
    if (value(connection, fmt::format("SELECT GTID_SUBSET({}, {})", MysqlConnection::literal(before), ours)) != "1")
      continue;
    const Position start = parse_position(files[i].file + ":4");
    return walk(*server.home.open(start, server.reader), start, end,
                [&](const std::string& gtid) { return applied.contains(gtid); });
  }
  throw deleted(value(connection, fmt::format("SELECT GTID_SUBTRACT({}, {})", MysqlConnection::literal(before), ours)));
}

// Of each domain and server the last transaction in the binlog.
std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> binlog_state(MysqlConnection& connection) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> out;
  const std::string state = value(connection, "SELECT @@GLOBAL.gtid_binlog_state");
  for (std::size_t at = 0; at < state.size();) {
    const std::size_t end = std::min(state.find(',', at), state.size());
    const GtidSet one(state.substr(at, end - at));
    for (const auto& [domain, last] : one.domains()) out[{domain, last.server}] = last.number;
    at = end + 1;
  }
  return out;
}

Position place_in_mariadb(const GtidServer& server, const GtidSet& applied) {
  const auto there = binlog_state(server.connection);
  std::string missing;
  for (const auto& [domain, last] : applied.domains()) {
    const auto found = there.find({domain, last.server});
    if (found == there.end() || found->second < last.number)
      missing += fmt::format("{}{}-{}-{}", missing.empty() ? "" : ", ", domain, last.server, last.number);
  }
  if (!missing.empty()) throw lacks(missing);
  BinlogConnection events(server.connection.endpoint(), {.position = {},
                                                         .server_id = reader_server_id(server.reader),
                                                         .uuid = reader_uuid(server.reader),
                                                         .gtids = applied.text()});
  EventReader reader(events);
  Position at;
  while (const auto event = reader.next()) {
    if (event->header.type == EventType::rotate) {
      const RotateEvent rotate = read_rotate(*event);
      at = parse_position(fmt::format("{}:{}", rotate.file, rotate.offset));
    }
    if (event->header.type == EventType::mariadb_gtid_list && event->header.next > at.low) at.low = event->header.next;
    if (event->header.type != EventType::mariadb_gtid) continue;
    at.low = event->header.next - event->header.size;
    break;
  }
  return at;
}

}  // namespace

std::optional<GtidSet> gtids_in_file(EventSource& file, const Position& position) {
  BinlogClock clock(parse_position(position.file + ":4"));
  EventReader reader(file);
  std::optional<GtidSet> out;
  while (clock.at() < position) {
    const auto event = reader.next();
    if (!event) break;
    if (event->header.type == EventType::rotate) {
      const RotateEvent rotate = read_rotate(*event);
      clock.enter(rotate.file, rotate.offset);
      continue;
    }
    clock.pass(event->header);
    if (event->header.type == EventType::mariadb_gtid_list) out = GtidSet(read_mariadb_gtid_list(*event));
    if (event->header.type == EventType::mariadb_gtid && out) out->add(read_mariadb_gtid(*event).text);
  }
  return clock.at() < position ? std::nullopt : out;
}

DomainsAhead domains_ahead(const GtidSet& applied, const GtidSet& before) {
  DomainsAhead out;
  for (const auto& [domain, last] : applied.domains()) {
    const auto found = before.domains().find(domain);
    if (found == before.domains().end() || found->second != last) out.emplace(domain, last);
  }
  return out;
}

std::optional<GtidSet> gtids_at(const GtidServer& server, const Position& position) {
  try {
    if (server.connection.is_mariadb()) {
      const auto rows = server.connection.query(
          fmt::format("SELECT BINLOG_GTID_POS({}, {})", MysqlConnection::literal(position.file), position.low));
      if (rows.empty() || !rows[0].at(0)) return std::nullopt;
      return GtidSet(*rows[0][0]);
    }
    if (!has_gtids(server.connection)) return std::nullopt;
    GtidSet out(before_file(server.connection, position.file));
    const Position start = parse_position(position.file + ":4");
    walk(*server.home.open(start, server.reader), start, position, [&](const std::string& gtid) {
      out.add(gtid);
      return true;
    });
    return out;
  } catch (const Error& error) {
    log::debug("follow", fmt::format("the GTIDs at {} cannot be told: {}", position.text(), error.what()));
    return std::nullopt;
  }
}

Position place_of(const GtidServer& server, const GtidSet& applied) {
  if (applied.of_mariadb() != server.connection.is_mariadb())
    throw Error(ErrorKind::source, "the source is a server of another kind than before, whose GTIDs are others")
        .hint(kBeginAnew);
  return applied.of_mariadb() ? place_in_mariadb(server, applied) : place_in_mysql(server, applied);
}

}  // namespace dbsync
