// The stream over binlog files of real servers: which transactions come, and what is in them.
#include "mysql2pgsql/binlog/binlog_stream.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "cdc/tuple.h"
#include "mysql2pgsql/binlog/binlog_files.h"
#include "tests/unit/binlog_capture.h"

namespace dbsync::test {

namespace {

std::string shown(std::string_view tuple) {
  std::vector<Value> values;
  read_tuple(tuple, values);
  std::string out;
  for (const Value& value : values)
    out += (out.empty() ? "" : "|") + (value.has_bytes()                 ? std::string(value.bytes())
                                       : value.kind == Value::Kind::null ? "NULL"
                                                                         : "?");
  return out;
}

std::string shown(const Change& change) {
  constexpr char kinds[] = "IUDT";
  std::string out = std::string(1, kinds[static_cast<std::size_t>(change.kind)]) + " ";
  if (change.kind == ChangeKind::truncate) return out + change.truncated.front()->name.name;
  out += change.relation->name.name + ": ";
  if (change.old_image != OldImage::none)
    out += (change.old_image == OldImage::key ? "(" : "[") + shown(change.old_tuple) +
           (change.old_image == OldImage::key ? ")" : "]");
  if (change.kind == ChangeKind::update) out += " -> ";
  if (!change.new_tuple.empty()) out += shown(change.new_tuple);
  return out;
}

struct Shown {
  std::vector<std::string> lines;
  Position end;
};

// All of the stream's tables from there on.
Shown run(BinlogTables& tables, const Position& start, const Position& schema_known = {}) {
  BinlogOptions options;
  options.schema_known = schema_known;
  options.start = start;
  BinlogStream stream(std::make_unique<BinlogFiles>(captured_directory(), start), tables, options);
  Shown out;
  Transaction transaction;
  while (!stream.at_end()) {
    if (stream.next(transaction, ChangeStream::Clock::now()) != ChangeStream::Next::transaction) continue;
    out.lines.push_back("--");
    ChangeLog::Reader reader(transaction.changes);
    Change change;
    while (reader.next(change)) out.lines.push_back(shown(change));
    EXPECT_GT(transaction.end, transaction.start);
  }
  out.end = stream.seen();
  return out;
}

Shown run(Captured file, bool text, const Position& from = {}) {
  BinlogTables tables(captured_charsets);
  add_captured_tables(file, tables, text);
  return run(tables, from.known() ? from : parse_position(std::string(name_of(file)) + ".000001:4"));
}

// Without the rows of t, which are long.
std::vector<std::string> without_t(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const std::string& line : lines)
    if (line.substr(1, 3) != " t:" && !(line == "--" && !out.empty() && out.back() == "--")) out.push_back(line);
  return out;
}

// As far as all servers have the columns.
constexpr std::string_view kFirstRow =
    "I t: 1|-7|16777215|18446744073709551615|-12345.67891|1.5|-2.25|101010101|2001|2024-02-29|-10:20:30.456000|"
    "2024-02-29 12:13:14.123456|2024-02-29 12:13:14.120000|abc|\u00e9\u20ac|\u4f60|\\x01000000|\\x00ff|text|b|x,z";

std::string more_columns(Captured file) {
  if (file == Captured::my56) return "";
  if (file == Captured::my97)
    return R"(|{"a": [1, -2, 3.5, true, null, "x"], "d": "2024-01-02", "n": 1.50, "o": "base64:type15:AQI="}|{1,2})";
  return "|[1]|00112233-4455-6677-8899-aabbccdd0000|1.2.0.0|2001:db8::|" + std::string(400, 'x');
}

}  // namespace

class BinlogStreamTest : public testing::TestWithParam<Captured> {};

INSTANTIATE_TEST_SUITE_P(Servers, BinlogStreamTest, testing::ValuesIn(kCaptured),
                         [](const auto& server) { return std::string(name_of(server.param)); });

// Savepoints that are rolled back to, MyISAM beside InnoDB, XA that is committed, rolled back and
// in one phase, a compressed transaction, a tagged GTID, TRUNCATE; tables that are not followed.
TEST_P(BinlogStreamTest, GivesTheTransactionsOfTheFile) {
  std::vector<std::string> expected{"--", "I n: 1|a", "I n: 2|b", "U n: [1|a] -> 1|z"};
  const auto group = [&](std::initializer_list<const char*> lines) {
    expected.push_back("--");
    expected.insert(expected.end(), lines.begin(), lines.end());
  };
  if (GetParam() == Captured::mariadb || GetParam() == Captured::mariadb_compressed) {
    group({"I m: 5|5"});
    group({"I n: 4|d"});
  }
  group({"I m: 1|1"});
  group({"D n: [2|b]"});
  group({"I n: 10|xa"});
  group({"I n: 12|one"});
  if (GetParam() == Captured::my97) {
    group({"I n: 20|yyyyyyyyyy", "I n: 21|y"});
    group({"I n: 30|tag"});
  }
  group({"T m"});
  EXPECT_EQ(without_t(run(GetParam(), true).lines), expected);
}

TEST_P(BinlogStreamTest, ReadsEveryType) {
  EXPECT_EQ(run(GetParam(), true).lines.at(1), std::string(kFirstRow) + more_columns(GetParam()));
}

TEST_P(BinlogStreamTest, FillsAndKeepsWhatImagesLeaveOut) {
  const auto lines = run(GetParam(), true).lines;
  const auto first =
      std::find_if(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("I t: 4|"); });
  ASSERT_LT(first + 4, lines.end());
  EXPECT_EQ(first[0].substr(0, 20), "I t: 4|1|NULL|NULL|N");
  EXPECT_EQ(first[2].substr(0, 13), "U t: (4|?|?|?");
  EXPECT_NE(first[2].find(" -> ?|2|?|?|"), std::string::npos) << first[2];
  EXPECT_EQ(first[4].substr(0, 11), "D t: (4|?|?");
}

// From the end of any transaction on, the rest of the file comes.
TEST_P(BinlogStreamTest, GoesOnFromTheEndOfEachTransaction) {
  const Shown whole = run(GetParam(), true);
  std::size_t rest = whole.lines.size();
  BinlogTables tables(captured_charsets);
  add_captured_tables(GetParam(), tables, true);
  BinlogOptions options;
  options.start = parse_position(std::string(name_of(GetParam())) + ".000001:4");
  BinlogStream stream(std::make_unique<BinlogFiles>(captured_directory(), options.start), tables, options);
  Transaction transaction;
  while (!stream.at_end()) {
    if (stream.next(transaction, ChangeStream::Clock::now()) != ChangeStream::Next::transaction) continue;
    rest -= 1 + transaction.changes.changes();
    const auto again = run(GetParam(), true, transaction.end);
    EXPECT_EQ(again.lines,
              std::vector<std::string>(whole.lines.end() - static_cast<std::ptrdiff_t>(rest), whole.lines.end()))
        << transaction.end.text();
  }
  EXPECT_EQ(rest, 0u);
}

// Its rows are sought in the binlog, which may take long, or fail: a run that ends then must
// not have gone beyond the place.
TEST_P(BinlogStreamTest, IsNotPastAnXaTransactionThatIsStillSought) {
  if (GetParam() == Captured::my56) GTEST_SKIP() << "MySQL 5.6 logs XA transactions at their commit";
  BinlogTables tables(captured_charsets);
  add_captured_tables(GetParam(), tables, true);
  BinlogOptions options;
  options.start = parse_position(std::string(name_of(GetParam())) + ".000001:4");
  BinlogStream first(std::make_unique<BinlogFiles>(captured_directory(), options.start), tables, options);
  Transaction transaction;
  bool found = false;
  while (!found && !first.at_end()) {
    if (first.next(transaction, ChangeStream::Clock::now()) != ChangeStream::Next::transaction) continue;
    ChangeLog::Reader reader(transaction.changes);
    Change change;
    found = reader.next(change) && shown(change) == "I n: 10|xa";
  }
  ASSERT_TRUE(found);
  options.start = transaction.start;
  const BinlogStream* stream = nullptr;
  options.find_prepared = [&](const std::string&, const Position& before) -> std::optional<Transaction> {
    EXPECT_EQ(before, options.start);
    EXPECT_EQ(stream->passed(), options.start);
    throw Error(ErrorKind::source, "the server is away").mark_connection_lost();
  };
  BinlogStream second(std::make_unique<BinlogFiles>(captured_directory(), options.start), tables, options);
  stream = &second;
  const auto read = [&] {
    while (!second.at_end()) second.next(transaction, ChangeStream::Clock::now());
  };
  EXPECT_THROW(read(), Error);
  EXPECT_EQ(second.passed(), options.start);
}

// Nothing of what comes before its decision may be wanted: then the decision is read in the same
// turn, and must not take away what is looked for.
TEST_P(BinlogStreamTest, FindsWhatWasPreparedUpToAPlace) {
  if (GetParam() == Captured::my56) GTEST_SKIP() << "MySQL 5.6 logs XA transactions at their commit";
  BinlogTables tables(captured_charsets);
  add_captured_tables(GetParam(), tables, true);
  const Position begin = parse_position(std::string(name_of(GetParam())) + ".000001:4");
  const auto nothing = [](const QualifiedName&) { return false; };
  const auto to_the_end = [](BinlogStream& stream, const Position& end) {
    Transaction passed;
    while (!(end.known() && stream.seen() >= end) && !stream.at_end()) stream.next(passed, ChangeStream::Clock::now());
  };
  std::vector<std::pair<std::string, Position>> decided;
  BinlogOptions all;
  all.start = begin;
  BinlogStream whole(std::make_unique<BinlogFiles>(captured_directory(), begin), tables, all);
  Transaction transaction;
  while (!whole.at_end()) {
    if (whole.next(transaction, ChangeStream::Clock::now()) != ChangeStream::Next::transaction) continue;
    ChangeLog::Reader reader(transaction.changes);
    Change change;
    if (!reader.next(change) || shown(change) != "I n: 10|xa") continue;
    BinlogOptions from;
    from.start = transaction.start;
    from.find_prepared = [&](const std::string& xid, const Position& before) {
      decided.emplace_back(xid, before);
      return std::optional(Transaction());
    };
    BinlogStream second(std::make_unique<BinlogFiles>(captured_directory(), from.start), tables, from);
    to_the_end(second, {});
  }
  ASSERT_FALSE(decided.empty());
  BinlogOptions options;
  options.start = begin;
  options.end = decided.front().second;
  options.wanted = nothing;
  BinlogStream search(std::make_unique<BinlogFiles>(captured_directory(), begin), tables, options);
  to_the_end(search, options.end);
  EXPECT_TRUE(search.take_prepared(decided.front().first));
}

// Images after without what is unchanged: MariaDB's FULL_NODUP (MDEV-32589).
TEST(BinlogStream, ReadsImagesWithoutWhatIsUnchanged) {
  BinlogTables tables(captured_charsets);
  add_nodup_tables(tables);
  EXPECT_EQ(run(tables, parse_position("mariadb118_nodup.000001:4"), parse_position("mariadb118_nodup.000002:4")).lines,
            (std::vector<std::string>{
                "--",
                "I k: 1|1|x|long",
                "I k: 2|2|y|NULL",
                "--",
                "I k: 3|NULL|z|NULL",
                "--",
                "U k: [1|1|x|long] -> ?|?|changed|?",
                "--",
                "U k: [2|2|y|NULL] -> 20|?|?|NULL",
                "--",
                "U k: [1|1|changed|long] -> ?|2|?|?",
                "U k: [20|2|y|NULL] -> ?|3|?|?",
                "--",
                "D k: [3|NULL|z|NULL]",
                "--",
                "I u: 1|p",
                "I u: 2|q",
                "--",
                "U u: [1|p] -> 1|r",
                "--",
                "D u: [2|q]",
            }));
}

// As mysqlbinlog -v of the same server shows the file.
TEST(BinlogStream, AppliesChangesWithinJsonValues) {
  BinlogTables tables(captured_charsets);
  add_json_table(tables);
  BinlogOptions options;
  options.start = parse_position("my97_json.000001:4");
  options.schema_known = parse_position("my97_json.000002:4");
  BinlogStream stream(std::make_unique<BinlogFiles>(captured_directory(), options.start), tables, options);
  std::vector<std::string> rows;
  std::string error;
  try {
    Transaction transaction;
    while (!stream.at_end()) {
      if (stream.next(transaction, ChangeStream::Clock::now()) != ChangeStream::Next::transaction) continue;
      ChangeLog::Reader reader(transaction.changes);
      for (Change change; reader.next(change);) rows.push_back(shown(change.new_tuple));
    }
  } catch (const Error& stopped) {
    error = stopped.message() + stopped.hint();
  }
  const std::string x(60, 'x'), y(40, 'y');
  EXPECT_EQ(rows,
            (std::vector<std::string>{
                R"(1|{"n": 1, "list": [1, {"k": true}, null], "text": ")" + x + R"("}|v|NULL)",
                R"(2|{"a.b": 1, "text": ")" + x + R"("}|w|[1, 2, 3, ")" + y + R"("])",
                R"(1|{"n": 1, "list": [1, {"k": false}, null], "text": ")" + x + R"(", "added": [1.5, "z"]}|v|NULL)",
                R"(2|{"text": ")" + x + R"("}|x|[1, {"in": 1}, 2, 3, ")" + y + R"("])",
                R"(2|?|x|[0, {"in": 1}, 2, 3, ")" + y + R"(", "end"])",
                R"(3|{"whole": 1}|x|[5, {"in": 1}, 2, 3, ")" + y + R"(", "end"])",
                R"(3|NULL|x|[6, {"in": 1}, 2, 3, ")" + y + R"(", "end"])",
            }));
  EXPECT_NE(error.find("an UPDATE of bl_cap.j tells only what has changed in the JSON value of column a"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("binlog_row_value_options = ''"), std::string::npos) << error;
}

// These events and no more.
struct Cut : EventSource {
  std::vector<std::string> events;
  std::size_t at = 0;
  std::string_view read() override { return at < events.size() ? std::string_view(events[at++]) : ""; }
  BinlogChecksum checksum() const override { return BinlogChecksum::crc32; }
  void interrupt() noexcept override {}
  std::string describe() const override { return "a file that is cut"; }
};

// A server would tell a second later that it has no more.
TEST(BinlogStream, DoesNotWaitForMoreBehindItsEnd) {
  auto cut = std::make_unique<Cut>();
  BinlogClock clock(parse_position("my97.000001:4"));
  bool ended = false;
  for (const std::string& bytes : captured_events(Captured::my97)) {
    const EventHeader header = split_event(bytes, BinlogChecksum::crc32).header;
    cut->events.push_back(bytes);
    clock.pass(header);
    if ((ended = header.type == EventType::xid)) break;
  }
  ASSERT_TRUE(ended);
  BinlogTables none(captured_charsets);
  BinlogOptions options;
  options.start = parse_position("my97.000001:4");
  options.end = clock.at();
  BinlogStream stream(std::move(cut), none, options);
  Transaction transaction;
  EXPECT_EQ(stream.next(transaction, ChangeStream::Clock::now()), ChangeStream::Next::position);
  EXPECT_EQ(stream.seen(), options.end);
  EXPECT_FALSE(stream.at_end());
}

// A server that died within a transaction gives its GTID to the next one.
TEST(BinlogStream, GtidOfAnAbandonedTransactionIsNotApplied) {
  auto cut = std::make_unique<Cut>();
  std::string gtid;
  const auto events = captured_events(Captured::my97);
  for (const std::string& bytes : events) {
    const BinlogEvent event = split_event(bytes, BinlogChecksum::crc32);
    cut->events.push_back(bytes);
    if (event.header.type == EventType::gtid) gtid = read_gtid(event).text;
    if (event.header.type == EventType::table_map) break;
  }
  ASSERT_FALSE(gtid.empty());
  cut->events.push_back(events.front());  // the FORMAT of a server that was started again
  BinlogTables tables(captured_charsets);
  add_captured_tables(Captured::my97, tables, true);
  BinlogOptions options;
  options.start = parse_position("my97.000001:4");
  options.gtids = std::make_shared<GtidTracker>(GtidSet());
  BinlogStream stream(std::move(cut), tables, options);
  Transaction transaction;
  while (!stream.at_end()) stream.next(transaction, ChangeStream::Clock::now());
  EXPECT_FALSE(GtidSet(options.gtids->at(parse_position("my97.000002:4"))).contains(gtid));
}

TEST(BinlogStream, StopsAtADefinition) {
  BinlogTables tables(captured_charsets);
  MysqlTable other;
  other.name = "other";
  FollowedTable followed;
  followed.db = "bl_cap";
  followed.name = "other";
  followed.relation = std::make_shared<const Relation>();
  tables.add(std::move(followed));
  BinlogOptions options;
  options.start = parse_position("my97.000001:4");
  BinlogStream stream(std::make_unique<BinlogFiles>(captured_directory(), options.start), tables, options);
  Transaction transaction;
  try {
    while (!stream.at_end()) stream.next(transaction, ChangeStream::Clock::now());
    FAIL() << "the definition was passed over";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::source);
    EXPECT_NE(error.message().find("bl_cap.other"), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find("--accept-schema"), std::string::npos);
  }
}

}  // namespace dbsync::test
