#include "copy/segment_rejects.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "schema/dialect.h"

namespace dbsync {
namespace {

// A segment aborts when it reaches the limit, and takes none below 2.
TEST(SegmentRejectClause, LetsAsManyRowsBeSetAsideAsAskedFor) {
  EXPECT_EQ(segment_reject_clause(1), " LOG ERRORS SEGMENT REJECT LIMIT 2 ROWS");
  EXPECT_EQ(segment_reject_clause(10), " LOG ERRORS SEGMENT REJECT LIMIT 11 ROWS");
  EXPECT_EQ(segment_reject_clause(0), " LOG ERRORS SEGMENT REJECT LIMIT 2 ROWS");
  EXPECT_EQ(segment_reject_clause(1'000'000'000'000), " LOG ERRORS SEGMENT REJECT LIMIT 2147483647 ROWS");
}

TEST(SegmentRejectClause, IsForGreenplumAndItsRelatives) {
  for (const char* name : {"greenplum5", "greenplum6", "greenplum7", "cloudberry", "adbpg"})
    EXPECT_TRUE(dialect_by_name(name)->segment_rejects) << name;
  EXPECT_FALSE(postgresql_dialect(16).segment_rejects);
}

TEST(ErrorLog, IsAskedForByAQuotedName) {
  EXPECT_EQ(error_log_sql({"shop", "it's \"x\""}),
            "SELECT cmdtime, COALESCE(linenum, 0), errmsg, rawdata, encode(rawbytes, 'hex') FROM "
            "gp_read_error_log('\"shop\".\"it''s \"\"x\"\"\"') WHERE cmdtime >= $1::timestamptz");
}

TEST(SegmentRejectClause, RaisesWhatASegmentTakesAtItsBeginning) {
  EXPECT_NE(bad_rows_at_first_sql(10).find("set_config(name, '1001', true)"), std::string::npos);
  EXPECT_NE(bad_rows_at_first_sql(5000).find("set_config(name, '5001', true)"), std::string::npos);
}

const ErrorLogEntry kOld{"2024-05-01 10:00:00.000001+00", 2, "invalid input syntax for integer: \"x\", column n",
                         "1\tx"};
const ErrorLogEntry kFirst{"2024-05-01 10:00:07.000001+00", 2, "invalid input syntax for integer: \"x\", column n",
                           "1\tx"};
const ErrorLogEntry kSecond{"2024-05-01 10:00:06.000001+00", 9, "missing data for column \"n\"", "3"};

// The segments' clocks differ, and their parts of the log come one after another.
TEST(ErrorLog, OfEarlierCopiesDoesNotCount) {
  EXPECT_EQ(new_entries({kOld}, {kSecond, kOld, kFirst}, false), (std::vector<ErrorLogEntry>{kFirst, kSecond}));
  EXPECT_EQ(new_entries({kOld}, {kOld}, false), std::vector<ErrorLogEntry>{});
  EXPECT_EQ(new_entries({}, {kOld}, false), std::vector<ErrorLogEntry>{kOld});
}

TEST(ErrorLog, TwoRejectsThatLookTheSameAreTwo) {
  EXPECT_EQ(new_entries({kOld}, {kOld, kOld, kOld}, false).size(), 2U);
}

TEST(ErrorLog, OfAReplicatedTableHasEachRowOnce) {
  ErrorLogEntry other = kFirst;
  other.when = "2024-05-01 10:00:07.000009+00";
  EXPECT_EQ(new_entries({}, {kFirst, kSecond, other, kSecond}, true), (std::vector<ErrorLogEntry>{kFirst, kSecond}));
  EXPECT_EQ(new_entries({}, {kFirst, other}, false).size(), 2U);
}

TEST(ErrorLog, NamesTheColumnBehindTheMessage) {
  const std::vector<std::string> columns{"n", "column n", "a, column b", "b"};
  EXPECT_EQ(column_of_log_message("invalid input syntax for integer: \"x\", column n", columns), "n");
  EXPECT_EQ(column_of_log_message("value too long, column a, column b", columns), "a, column b");
  EXPECT_EQ(column_of_log_message("missing data for column \"n\"", columns), "");
  EXPECT_EQ(column_of_log_message("invalid input syntax, column other", columns), "");
}

TEST(ErrorLog, HoldsTheRowAsItWasSent) {
  const std::vector<std::string> columns{"id", "t", "u"};
  EXPECT_EQ(row_of_log("1\t\\N\tC:\\\\dir\\ta", columns),
            (RowText{{"id", "1"}, {"t", std::nullopt}, {"u", "C:\\dir\ta"}}));
  EXPECT_EQ(row_of_log("\t\t", columns), (RowText{{"id", ""}, {"t", ""}, {"u", ""}}));
  EXPECT_EQ(row_of_log("1\t2", columns), (RowText{{"row", "1\t2"}}));
}

TEST(ErrorLog, CountsLinesWithoutTheRowsThatWereNotSent) {
  EXPECT_EQ(row_of_line(1, {}), 1U);
  EXPECT_EQ(row_of_line(1, {1, 2}), 3U);
  EXPECT_EQ(row_of_line(3, {2, 9}), 4U);
  EXPECT_EQ(row_of_line(8, {2, 9}), 10U);
}

// Seen: 5 rows sent, one rejected by a segment: the tag says 5. Rejected by the
// coordinator: the tag says 4.
TEST(SegmentCount, IsOfOneCopyOrAnError) {
  EXPECT_NO_THROW(check_segment_count(5, 5, 0));
  EXPECT_NO_THROW(check_segment_count(5, 5, 1));
  EXPECT_NO_THROW(check_segment_count(5, 4, 1));
  EXPECT_THROW(check_segment_count(5, 4, 0), Error);
  EXPECT_THROW(check_segment_count(5, 6, 0), Error);
  EXPECT_THROW(check_segment_count(5, 3, 1), Error);
}

class SetAsideFile : public testing::Test {
 protected:
  SetAsideFile() { std::filesystem::remove_all(directory_); }
  ~SetAsideFile() override { std::filesystem::remove_all(directory_); }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("dbsync-segment-rejects-" + std::to_string(getpid()));
};

// A line of the log as it ends in the file of rows set aside.
TEST_F(SetAsideFile, GetsTheRowsOfTheLog) {
  RejectBudget budget(2, directory_.string());
  const std::vector<std::string> columns{"id", "n"};
  {
    TaskRejects rejects(budget, {"public", "t"}, "t", {"id"});
    Error reason(ErrorKind::data, kFirst.message);
    reason.column(column_of_log_message(kFirst.message, columns));
    rejects.add(row_of_line(kFirst.line, {1}), row_of_log(kFirst.row, columns), reason);
    EXPECT_EQ(rejects.rows(), std::vector<std::uint64_t>{3});
    rejects.keep();
  }
  std::ifstream file(directory_ / "public.t.jsonl");
  const auto line = nlohmann::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  EXPECT_EQ(line,
            nlohmann::json::parse(R"({"table": "public.t", "source": "t", "row": 3, "column": "n", "key": {"id": "1"},
    "reason": "invalid input syntax for integer: \"x\", column n", "values": {"id": "1", "n": "x"}})"));
}

TEST(RejectBudget, LetsOneTaskOfATableLoadAtATime) {
  RejectBudget budget(1, "rejects");
  auto first = budget.alone({"public", "a"});
  EXPECT_TRUE(budget.alone({"public", "b"}).owns_lock());  // another table does not wait
  std::future<bool> second = std::async(std::launch::async, [&] { return budget.alone({"public", "a"}).owns_lock(); });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  first.unlock();
  EXPECT_TRUE(second.get());
}

}  // namespace
}  // namespace dbsync
