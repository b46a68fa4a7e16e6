// Events of real servers, whole and cut.
#include "mysql2pgsql/binlog/binlog_event.h"

#include <set>

#include <gtest/gtest.h>

#include "mysql2pgsql/binlog/compressed.h"
#include "mysql2pgsql/binlog/image_decimal.h"
#include "mysql2pgsql/binlog/image_temporal.h"
#include "mysql2pgsql/binlog/json_text.h"
#include "mysql2pgsql/binlog/payload.h"
#include "mysql2pgsql/binlog/row_tuple.h"
#include "mysql2pgsql/binlog/statement.h"
#include "tests/unit/binlog_capture.h"

namespace dbsync::test {

namespace {

BinlogChecksum checksum_of(const std::vector<std::string>& events) {
  return read_format(split_event(events.front(), BinlogChecksum::none)).checksum;
}

// Reads all rows of the event with the readers of its table.
void read_all_rows(RowTuples& tuples, const BinlogEvent& event) {
  std::string scratch;
  const RowsEvent rows = read_rows_event(event, scratch);
  LittleReader in(rows.rows, "row image");
  CopyBuffer out(1024);
  while (in.remaining() > 0) {
    tuples.read(in, rows.before, rows.kind == ChangeKind::insert ? RowTuples::Role::inserted : RowTuples::Role::before,
                out);
    if (rows.kind == ChangeKind::update) tuples.read(in, rows.after, RowTuples::Role::after, out);
  }
}

}  // namespace

class BinlogEventTest : public testing::TestWithParam<Captured> {};

INSTANTIATE_TEST_SUITE_P(Servers, BinlogEventTest, testing::ValuesIn(kCaptured),
                         [](const auto& server) { return std::string(name_of(server.param)); });

TEST_P(BinlogEventTest, EveryEventCutAtEveryLengthThrows) {
  const auto events = captured_events(GetParam());
  const BinlogChecksum checksum = checksum_of(events);
  ASSERT_GT(events.size(), 40u);
  for (const std::string& event : events) {
    EXPECT_NO_THROW(split_event(event, checksum));
    for (std::size_t length = 0; length < event.size(); ++length)
      EXPECT_THROW(split_event(std::string_view(event).substr(0, length), checksum), DecodeError);
  }
}

TEST_P(BinlogEventTest, EveryChangedByteFailsTheChecksum) {
  const auto events = captured_events(GetParam());
  if (checksum_of(events) == BinlogChecksum::none) return;  // nothing tells then
  for (std::size_t i = 1; i < events.size(); ++i) {
    std::string event = events[i];
    for (std::size_t at = kEventHeaderBytes; at < event.size(); at += 7) {
      event[at] = static_cast<char>(event[at] ^ 0x10);
      EXPECT_THROW(split_event(event, BinlogChecksum::crc32), DecodeError);
      event[at] = static_cast<char>(event[at] ^ 0x10);
    }
  }
}

// Whatever is cut within a row is told; where a row ends, the others are missing.
TEST_P(BinlogEventTest, EveryRowCutAtEveryLengthThrows) {
  const auto events = captured_events(GetParam());
  const BinlogChecksum checksum = checksum_of(events);
  BinlogTables tables(captured_charsets);
  add_captured_tables(GetParam(), tables, true);
  std::unique_ptr<RowTuples> tuples;
  unsigned rows = 0;
  for (const std::string& bytes : events) {
    BinlogEvent event = split_event(bytes, checksum);
    if (event.header.type == EventType::table_map) {
      const TableMap map = read_table_map(event);
      FollowedTable* table = tables.find(map.name.db, map.name.table);
      tuples = table == nullptr ? nullptr : std::make_unique<RowTuples>(*table, map, [&](const std::string& name) {
        return tables.charset(name);
      });
      const std::string_view body = event.body;
      for (std::size_t length = 0; length + 8 < body.size() && length < 40; ++length) {
        event.body = body.substr(0, length);
        EXPECT_THROW(read_table_map(event), DecodeError);
      }
    }
    if (!is_rows_event(event.header.type) || !tuples) continue;
    ++rows;
    read_all_rows(*tuples, event);
    std::size_t whole = 0;
    const std::string_view body = event.body;
    for (std::size_t length = 0; length < body.size(); ++length) {
      event.body = body.substr(0, length);
      try {
        read_all_rows(*tuples, event);
        ++whole;
      } catch (const DecodeError&) {
      }
    }
    EXPECT_LE(whole, 2u);  // behind the header, and between two rows
  }
  EXPECT_GT(rows, 12u);
}

TEST_P(BinlogEventTest, OtherEventsCutThrowOrReadLess) {
  const auto events = captured_events(GetParam());
  const BinlogChecksum checksum = checksum_of(events);
  std::set<EventType> seen;
  std::string scratch;
  for (const std::string& bytes : events) {
    const BinlogEvent whole = split_event(bytes, checksum);
    seen.insert(whole.header.type);
    for (std::size_t length = 0; length <= whole.body.size(); ++length) {
      BinlogEvent event = whole;
      event.body = whole.body.substr(0, length);
      try {
        switch (event.header.type) {
          case EventType::query:
          case EventType::mariadb_query_compressed: read_query(event, scratch); break;
          case EventType::gtid:
          case EventType::anonymous_gtid: read_gtid(event); break;
          case EventType::gtid_tagged:
            read_gtid_tagged(event);
            EXPECT_EQ(length, whole.body.size());
            break;
          case EventType::mariadb_gtid: read_mariadb_gtid(event); break;
          case EventType::mariadb_gtid_list: read_mariadb_gtid_list(event); break;
          case EventType::xa_prepare:
            read_xa_prepare(event);
            EXPECT_EQ(length, whole.body.size());
            break;
          case EventType::transaction_payload: {
            PayloadReader payload(event);
            while (!payload.next().empty()) {
            }
            EXPECT_EQ(length, whole.body.size());
            break;
          }
          default: break;
        }
      } catch (const DecodeError&) {
        EXPECT_LT(length, whole.body.size());
      }
    }
  }
  EXPECT_TRUE(seen.contains(EventType::table_map));
  if (GetParam() == Captured::my97) {
    EXPECT_TRUE(seen.contains(EventType::gtid_tagged));
    EXPECT_TRUE(seen.contains(EventType::transaction_payload));
    EXPECT_TRUE(seen.contains(EventType::xa_prepare));
  }
  if (GetParam() == Captured::mariadb_compressed) {
    EXPECT_TRUE(seen.contains(EventType::mariadb_query_compressed));
    EXPECT_TRUE(seen.contains(EventType::mariadb_write_rows_compressed_v1));
  }
}

TEST(BinlogEvent, ReadsTaggedGtid) {
  for (const std::string& bytes : captured_events(Captured::my97)) {
    const BinlogEvent event = split_event(bytes, BinlogChecksum::crc32);
    if (event.header.type != EventType::gtid_tagged) continue;
    const GtidEvent gtid = read_gtid_tagged(event);
    EXPECT_NE(gtid.text.find(":tag:1"), std::string::npos) << gtid.text;
    EXPECT_EQ(gtid.commit_micros / 1'000'000, event.header.time);
    return;
  }
  FAIL() << "no tagged GTID in the file";
}

TEST(CompressedEvent, TakesNoRoomForWhatItCannotHold) {
  std::string out;
  EXPECT_THROW(inflate_event(std::string_view("\x84\x3F\xFF\xFF\xFF\x78\x9C\x03", 8), "event", out), DecodeError);
  EXPECT_LT(out.capacity(), 1000u);
}

TEST(BinlogStatement, TellsKinds) {
  using Kind = BinlogStatement::Kind;
  EXPECT_EQ(read_statement("BEGIN").kind, Kind::begin);
  EXPECT_EQ(read_statement("ROLLBACK TO `a b`").name, "a b");
  EXPECT_EQ(read_statement("rollback").kind, Kind::rollback);
  EXPECT_EQ(read_statement("XA COMMIT X'6731',X'',1").name, "X'6731',X'',1");
  EXPECT_TRUE(read_statement("XA COMMIT X'6731',X'',1 ONE PHASE").one_phase);
  EXPECT_EQ(read_statement("/* hint */ TRUNCATE `db`.`t`").tables.at(0).name, "t");
  EXPECT_EQ(
      read_statement("SET STATEMENT max_statement_time=1 FOR ALTER ONLINE TABLE t WAIT 5 ADD c int").tables.at(0).name,
      "t");
  EXPECT_EQ(read_statement("/*!50000 ALTER */ /*M! IGNORE */ TABLE a.r1 RENAME TO r2").tables.at(1).name, "r2");
  EXPECT_EQ(read_statement("ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b").tables.at(1).name, "b");
  EXPECT_EQ(read_statement("RENAME TABLE a TO x, y TO b.a").tables.size(), 4u);
  EXPECT_EQ(read_statement("DROP TABLE IF EXISTS `w2`,`nope9` /* generated by server */").tables.size(), 2u);
  EXPECT_EQ(read_statement("DROP TEMPORARY TABLE IF EXISTS t").kind, Kind::harmless);
  EXPECT_TRUE(read_statement("DROP DATABASE d").whole_database);
  EXPECT_EQ(read_statement("ALTER TABLE t DISABLE KEYS").kind, Kind::harmless);
  EXPECT_TRUE(read_statement("CREATE TABLE IF NOT EXISTS t (a int)").if_not_exists);
  EXPECT_EQ(read_statement("CREATE UNIQUE INDEX i ON t (a)").kind, Kind::harmless);
  EXPECT_EQ(read_statement("GRANT ALL ON *.* TO a IDENTIFIED BY 'x'").kind, Kind::harmless);
  EXPECT_EQ(read_statement("INSERT INTO t VALUES (1)").kind, Kind::rows);
  EXPECT_EQ(read_statement("").kind, Kind::rows);
  EXPECT_TRUE(mentions("insert into `Db1`.t", "db1"));
  EXPECT_FALSE(mentions("insert into db12.t", "db1"));
}

TEST(BinlogStatement, TellsIndexesFromColumns) {
  for (const char* text :
       {"ALTER TABLE t ADD INDEX (a, b)", "alter table d.t add constraint c unique (a), drop key `x`",
        "ALTER TABLE t ADD CONSTRAINT FOREIGN KEY (a) REFERENCES p (a) ON DELETE CASCADE, ALGORITHM=INPLACE",
        "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b)", "ALTER TABLE t ADD CHECK (f(a, b) > 0), LOCK=NONE",
        "ALTER ONLINE TABLE t WAIT 5 DROP CONSTRAINT IF EXISTS c"})
    EXPECT_TRUE(read_statement(text).keys_only) << text;
  for (const char* text :
       {"ALTER TABLE t ADD c int", "ALTER TABLE t ADD INDEX (a), ADD c int", "ALTER TABLE t ADD `index` int",
        "ALTER TABLE t DROP a", "ALTER TABLE t MODIFY a int AFTER b", "ALTER TABLE t ADD KEY (a), RENAME TO u",
        "ALTER TABLE t", "ALTER TABLE t ENGINE = InnoDB", "DROP TABLE t", "RENAME TABLE t TO u", "ALTER TABLE t ADD"})
    EXPECT_FALSE(read_statement(text).keys_only) << text;
}

TEST(BinlogImage, OlderTimesOfMariadb) {
  Temporal t;
  ASSERT_TRUE(image_time_hires(std::string_view("\x00\xB1\xCF\x8E\x08", 5), 3, t));
  EXPECT_TRUE(t.negative);
  EXPECT_EQ(t.hour, 10u);
  EXPECT_EQ(t.second, 30u);
  EXPECT_EQ(t.microsecond, 456000u);
}

TEST(BinlogImage, Decimals) {
  EXPECT_EQ(image_decimal_size(10, 2), 5u);
  EXPECT_EQ(image_decimal_size(66, 2), 0u);
  std::string text;
  ASSERT_TRUE(image_decimal_text(std::string_view("\x81\x0D\xFB\x38\xD2\x04\xD2", 7), 14, 4, text));
  EXPECT_EQ(text, "1234567890.1234");
  ASSERT_TRUE(image_decimal_text(std::string_view("\x7E\xF2\x04\xC7\x2D\xFB\x2D", 7), 14, 4, text));
  EXPECT_EQ(text, "-1234567890.1234");
  EXPECT_FALSE(image_decimal_text(std::string_view("\xFF\xFF\xFF\xFF\xFF", 5), 10, 2, text));
}

}  // namespace dbsync::test
